"""Kernels for the HTML of a lens: numbers where they can be read, a picture of their colours where they are large."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sepviz.tensors.encoders.grid import Limit
from sepviz.tensors.encoders.map_picture import picture_of

MAX_NUMBERED = 3  # cells a side
DECIMALS = 2


def kernel_domain(*kernels: Tensor) -> Limit:
    """The domain of the colours of kernels that are shown together: symmetric about zero, to the largest magnitude."""
    largest = max((float(each.abs().max()) for each in kernels if each.numel()), default=0.0)
    return -largest, largest


@torch.inference_mode()
def kernel_cells(kernel: Tensor, domain: Limit) -> dict[str, Any]:
    """A kernel, (rows, columns), for JSON: its numbers as `rows`, or where these are too many a `picture`."""
    if max(kernel.shape) > MAX_NUMBERED:
        return {"picture": picture_of(kernel, domain, "diverging")}
    return {"rows": kernel.tolist(), "decimals": _decimals(kernel), "domain": domain}


def _decimals(kernel: Tensor) -> int:
    """As few decimals as tell all numbers, two at most."""
    values = kernel.double().numpy()
    return next((each for each in range(DECIMALS) if np.allclose(values, values.round(each), atol=1e-6)), DECIMALS)
