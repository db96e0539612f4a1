"""Computing: what is computed when (`admission`), what that is (`jobs`), and the process that does it.

The event loop and torch are in two processes (`process`, seen from the first; `worker`, the second): in one they would
wait for each other's turn at the interpreter, longer than most layers take.
"""

from sepviz.compute.jobs import Grid, Job, Plane, Tensors, View
from sepviz.compute.queue import Client, Compute

__all__ = ["Client", "Compute", "Grid", "Job", "Plane", "Tensors", "View"]
