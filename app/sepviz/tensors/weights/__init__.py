"""The kernels of a layer: `kernels(spec, outputs)` for `classic` and `random` weights.

Only the output channels that are asked for are returned; a part is always equal to that part of the whole.
"""

from collections.abc import Mapping

from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.weights import classic, random
from sepviz.tensors.weights.kernel import Kernel

__all__ = ["Kernel", "kernels"]


def kernels(spec: LayerSpec, outputs: Mapping[str, range]) -> dict[str, Kernel]:
    """The kernel of each stage named in `outputs`, for that run of its output channels.

    Weights have shape (len(run), in_channels / groups, rows, columns), biases (len(run),).
    """
    if spec.weights == "random":
        return random.kernels(spec, outputs)
    return {
        shape.name: classic.kernel(spec, shape, outputs[shape.name])
        for shape in plan(spec).convolutions
        if shape.name in outputs
    }
