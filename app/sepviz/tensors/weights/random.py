"""PyTorch's own initialisation of `nn.Conv2d`, seeded.

The numbers are those of `torch.manual_seed(seed)` and then constructing the stages in order, so that the source from
`/api/code` makes the same layer.
"""

import math
from collections.abc import Mapping

import torch
from torch import nn

from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.weights.kernel import Kernel


def kernels(spec: LayerSpec, outputs: Mapping[str, range]) -> dict[str, Kernel]:
    """The kernels of the convolutions named in `outputs`; the generator runs through all of them in any case."""
    generator = torch.Generator().manual_seed(spec.seed)
    found: dict[str, Kernel] = {}
    for shape in plan(spec).convolutions:
        kernel = _conv2d_init(shape, spec.bias, generator)
        if run := outputs.get(shape.name):
            bias = None if kernel.bias is None else kernel.bias[run.start : run.stop]
            found[shape.name] = Kernel(kernel.weight[run.start : run.stop], bias)
    return found


def _conv2d_init(shape: Convolution, bias: bool, generator: torch.Generator) -> Kernel:
    """As `nn.Conv2d.reset_parameters`: uniform within 1 / sqrt(fan_in), first the weight, then the bias."""
    weight = nn.init.kaiming_uniform_(torch.empty(shape.weight_shape), a=math.sqrt(5), generator=generator)
    if not bias:
        return Kernel(weight, None)
    bound = 1 / math.sqrt(math.prod(shape.weight_shape[1:]))
    return Kernel(weight, nn.init.uniform_(torch.empty(shape.out_channels), -bound, bound, generator=generator))
