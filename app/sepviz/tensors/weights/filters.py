"""The named filters of image processing, at any kernel size.

A filter of size k > 3 is the familiar 3 x 3 one smoothed by the binomial Gaussian of size k - 2: that is how
Sobel's operator grows (k = 5: derivative -1 -2 0 2 1, smoothing 1 4 6 4 1), and it makes a Laplacian of Gaussian
of the Laplacian. At k = 2 they are the 2 x 2 differences (Roberts, Prewitt); at k = 1 only the identity is left.
Those that enhance differences are halved, so that a photograph gains no contrast, and that no filter dominates the
sums of the pointwise stage.
Cross-correlation, rows downwards, columns to the right.
"""

from functools import lru_cache
from math import comb

import torch
import torch.nn.functional as F
from torch import Tensor

# Differences first: they stand on the colours of a picture, and show both signs.
NAMES = ("Sobel x", "Sobel y", "Laplacian", "edges 45°", "edges 135°", "emboss", "sharpen", "Gaussian", "identity")
SEPARABLE_NAMES = ("Sobel x", "Sobel y", "Gaussian", "second derivative x", "second derivative y", "box", "identity")

_SMALL = {
    "Sobel x": [[-1, 1], [-1, 1]],
    "Sobel y": [[-1, -1], [1, 1]],
    "Laplacian": [[1, -1], [-1, 1]],
    "emboss": [[-1, 0], [0, 2]],
    "edges 45°": [[0, 1], [-1, 0]],
    "edges 135°": [[1, 0], [0, -1]],
}
_CLASSIC = {
    "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "edges 45°": [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
    "edges 135°": [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]],
}


def name_at(name: str, kernel: tuple[int, int]) -> str:
    """What the filter of a name is in a kernel of (rows, columns), where a side may be too short for a difference.

    Of two cells the second derivative is the first; across one cell there is none, and what is left is the smoothing.
    """
    if kernel == (1, 1):
        return "identity"
    if not name.startswith(("Sobel", "second derivative")):
        return name
    axis = name[-1]
    cells = kernel[1] if axis == "x" else kernel[0]
    if cells == 1:
        return "Gaussian"
    return f"Sobel {axis}" if cells == 2 else name


@lru_cache(maxsize=256)
def named(name: str, size: int) -> Tensor:
    """The filter of that name, (size, size); never written to."""
    if name == "identity" or size == 1:
        return torch.outer(_impulse(size), _impulse(size))
    if name == "Gaussian":
        return torch.outer(_binomial(size), _binomial(size))
    return _book_filter(name, size) / 2


def _book_filter(name: str, size: int) -> Tensor:
    """A filter that enhances differences, in the numbers of the books."""
    if name == "sharpen":
        identity = named("identity", size)
        return identity - _book_filter("Laplacian", size) if size > 2 else 2 * identity - named("Gaussian", size)
    if size == 2:
        return torch.tensor(_SMALL[name], dtype=torch.float32)
    smoothing = torch.outer(_binomial(size - 2), _binomial(size - 2))
    return _grown(torch.tensor(_CLASSIC[name], dtype=torch.float32), smoothing)


@lru_cache(maxsize=256)
def separable(name: str, size: int) -> tuple[Tensor, Tensor]:
    """The (column, row) whose outer product is the filter: those of rank 1; never written to."""
    still, smooth = _impulse(size), _binomial(size) * (2 if size > 2 else 1)
    if size == 1 or name == "identity":
        return still, still
    if name == "Gaussian":
        return _binomial(size), _binomial(size)
    if name == "box":
        return torch.full((size,), 1 / size), torch.full((size,), 1 / size)
    order, axis = (1 if name.startswith("Sobel") else 2), name[-1]
    along = _derivative(size, order)
    across = smooth if order == 1 else _binomial(size)
    return (across, along) if axis == "x" else (along, across)


def _impulse(size: int) -> Tensor:
    """1 where `same` padding puts the output cell: the middle, for an even size the one before it."""
    cells = torch.zeros(size)
    cells[(size - 1) // 2] = 1
    return cells


def _binomial(size: int) -> Tensor:
    """A row of Pascal's triangle, summing to 1."""
    return torch.tensor([comb(size - 1, i) for i in range(size)], dtype=torch.float64).div_(2 ** (size - 1)).float()


def _derivative(size: int, order: int) -> Tensor:
    """The binomially smoothed difference of that order: -1 0 1 or 1 -2 1 at size 3, -1 1 for both at size 2."""
    if size == 2:
        return torch.tensor([-1.0, 1.0])
    difference = torch.tensor([-1.0, 0.0, 1.0] if order == 1 else [1.0, -2.0, 1.0])
    return _grown(difference[None], _binomial(size - 2)[None])[0]


def _grown(small: Tensor, smoothing: Tensor) -> Tensor:
    """The full convolution of two kernels (here truly a convolution: one of them is flipped)."""
    rows, columns = smoothing.shape[0] - 1, smoothing.shape[1] - 1
    return F.conv2d(small[None, None], smoothing.flip(0, 1)[None, None], padding=(rows, columns))[0, 0]
