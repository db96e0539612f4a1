"""`Kernel`: the weight and the bias of a convolution."""

from typing import NamedTuple

from torch import Tensor


class Kernel(NamedTuple):
    """A weight of shape (out_channels, in_channels / groups, rows, columns) and a bias of (out_channels,) or none."""

    weight: Tensor
    bias: Tensor | None
