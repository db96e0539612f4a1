"""`follow`: an operation that stands after a convolution, carried out on its maps."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from sepviz.layer.operations import Activation, Norm

EPSILON = 1e-5  # of `nn.BatchNorm2d`

_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "silu": F.silu,
    "hard-swish": F.hardswish,
    "gelu": F.gelu,
}


def follow(maps: Tensor, operation: Norm | Activation) -> Tensor:
    """The maps, (1, channels, height, width), after the operation."""
    return normalize(maps) if isinstance(operation, Norm) else _FUNCTIONS[operation.function](maps)


def normalize(maps: Tensor) -> Tensor:
    """Each channel with mean 0 and variance 1, as `nn.BatchNorm2d` in training mode; a map of one cell becomes 0."""
    variance, mean = torch.var_mean(maps, dim=(0, 2, 3), correction=0, keepdim=True)
    return (maps - mean) * torch.rsqrt(variance + EPSILON)
