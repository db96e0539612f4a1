"""The kernels of a layer, from the source of weights that its spec names.

A source is a row of `SOURCES`: a function `kernels(spec, outputs)` in a module of its own. The kernels of a part of the
output channels equal that part of the whole.
"""

from collections.abc import Callable, Mapping

from sepviz.layer.spec import LayerSpec, Weights
from sepviz.tensors.weights import classic, random
from sepviz.tensors.weights.kernel import Kernel

__all__ = ["SOURCES", "Kernel", "kernels"]

Source = Callable[[LayerSpec, Mapping[str, range]], dict[str, Kernel]]

SOURCES: dict[Weights, Source] = {"classic": classic.kernels, "random": random.kernels}


def kernels(spec: LayerSpec, outputs: Mapping[str, range]) -> dict[str, Kernel]:
    """The kernel of each convolution named in `outputs`, for that run of its output channels.

    Weights have shape (len(run), in_channels / groups, rows, columns), biases (len(run),).
    """
    return SOURCES[spec.weights](spec, outputs)
