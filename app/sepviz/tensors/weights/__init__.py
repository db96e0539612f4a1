"""The kernels of a layer, from the source of weights that its spec names.

A source is a row of `SOURCES`: a function `kernels(spec, outputs)` in a module of its own. The kernels of a part of the
output channels equal that part of the whole.
"""

from collections.abc import Callable, Mapping

from torch import Tensor

from sepviz.layer.operations import Convolution
from sepviz.layer.spec import LayerSpec, Weights
from sepviz.tensors.weights import classic, random
from sepviz.tensors.weights.kernel import Kernel

__all__ = ["SOURCES", "Kernel", "kernel_names", "kernels", "unshared_kernels"]

Source = Callable[[LayerSpec, Mapping[str, range]], dict[str, Kernel]]

SOURCES: dict[Weights, Source] = {"classic": classic.kernels, "random": random.kernels}
# Of sources whose standard kernels share filters between outputs: others that do not.
UNSHARED: dict[Weights, Callable[[Convolution], Tensor]] = {"classic": classic.unshared_kernels}
# Of sources whose kernels have names: the names of a run of a convolution's kernels.
KERNEL_NAMES: dict[Weights, Callable[[LayerSpec, Convolution, range], tuple[str, ...]]] = {
    "classic": classic.kernel_names
}


def kernels(spec: LayerSpec, outputs: Mapping[str, range]) -> dict[str, Kernel]:
    """The kernel of each convolution named in `outputs`, for that run of its output channels.

    Weights have shape (len(run), in_channels / groups, rows, columns), biases (len(run),).
    """
    return SOURCES[spec.weights](spec, outputs)


def kernel_names(spec: LayerSpec, convolution: Convolution, outputs: range) -> tuple[str, ...]:
    """Short words for each kernel of a run of the convolution's output channels; none where they have no names."""
    names_of = KERNEL_NAMES.get(spec.weights)
    return names_of(spec, convolution, outputs) if names_of else ()


def unshared_kernels(spec: LayerSpec, convolution: Convolution) -> Kernel:
    """The kernels of a layer that is one standard convolution, such that its outputs share no filters."""
    made = kernels(spec, {convolution.name: range(convolution.out_channels)})[convolution.name]
    make = UNSHARED.get(spec.weights)
    return made._replace(weight=make(convolution)) if make else made
