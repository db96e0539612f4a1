"""Computing: the queue, rate limits, jobs, and the worker processes that execute them.

The event loop and torch are in different processes: in one they would wait for each other's turn at the interpreter,
longer than most layers take.
"""

from sepviz.compute.jobs import Approximation, Composed, Figure, Grid, Job, Pixel, Plane, Tensors, View
from sepviz.compute.queue import Client, Compute

__all__ = [
    "Approximation",
    "Client",
    "Composed",
    "Compute",
    "Figure",
    "Grid",
    "Job",
    "Pixel",
    "Plane",
    "Tensors",
    "View",
]
