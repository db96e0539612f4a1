"""`follow`: an operation that stands after a convolution, carried out on its maps."""

from functools import cache

import torch
from torch import Tensor, nn

from sepviz.layer.operations import Activation, Norm

EPSILON = 1e-5  # of `nn.BatchNorm2d`


def follow(maps: Tensor, operation: Norm | Activation) -> Tensor:
    """The maps, (1, channels, height, width), after the operation."""
    if isinstance(operation, Norm):
        return normalize(maps)
    activated: Tensor = activation(operation.module)(maps)
    return activated


@cache
def activation(name: str) -> nn.Module:
    """The activation of that class of `torch.nn`."""
    made: nn.Module = getattr(nn, name)()
    return made


def normalize(maps: Tensor) -> Tensor:
    """Each channel with mean 0 and variance 1, as `nn.BatchNorm2d` in training mode; a map of one cell becomes 0."""
    variance, mean = statistics(maps)
    return (maps - mean) * torch.rsqrt(variance + EPSILON)


def statistics(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The variance and the mean of each channel, (1, channels, 1, 1)."""
    return torch.var_mean(maps, dim=(0, 2, 3), correction=0, keepdim=True)
