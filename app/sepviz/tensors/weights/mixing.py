"""`mixing`: the pointwise rows of the `classic` weights."""

import math

import torch
from torch import Tensor

CELLS_AT_ONCE = 2**20
GOLDEN = (math.sqrt(5) - 1) / 2

# The first rows of few channels, in whole numbers: a basis, and then rows far from all before them. Those of three
# channels weigh the third more, whose filter, the Laplacian, answers a photograph least.
_FEW = {
    2: ((1, 1), (1, -1), (1, 0), (0, 1), (2, 1), (1, -2), (2, -1), (1, 2)),
    3: (
        (1, 1, 1), (1, -1, 1), (0, 1, -1), (1, 1, -2), (1, -1, -2), (2, 0, -1), (0, 1, 1), (0, 0, 1),
        (1, 0, 2), (1, 0, -2), (2, 0, 1), (1, -2, -1), (1, 2, -1), (0, 1, 0), (2, -1, 0), (2, 1, 0),
    ),
    4: (
        (1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1),
        (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1),
        (-1, 1, 1, 1), (1, -1, 1, 1), (1, 1, -1, 1), (1, 1, 1, -1),
        (0, 0, 1, -1), (0, 0, 1, 1), (0, 1, -1, 0), (0, 1, 0, -1),
    ),
}  # fmt: skip


def mixing(channels: int, outputs: range) -> Tensor:
    """The rows of these outputs over the channels, (len(outputs), channels); no two rows are alike.

    Row 0 is the mean. Of 2 to 4 channels the first rows are small whole numbers times a factor; of more, the first
    `channels` rows are the discrete cosine transform, ever finer contrasts. Past them come waves that are bent more
    with each turn. The absolute values of a row sum to 1. A row of one channel is a number: 1, -1, 1/2, -1/2, 1/3, ...
    A row is the same for every number of rows.
    """
    if channels == 1:
        return torch.tensor([[(-1) ** n / (1 + n // 2)] for n in outputs], dtype=torch.float32).view(-1, 1)
    rows = torch.empty(len(outputs), channels)
    at_once = max(1, CELLS_AT_ONCE // channels)
    for start in range(0, len(outputs), at_once):
        run = _directions(channels, outputs[start : start + at_once])
        rows[start : start + at_once] = run / run.abs().sum(1, keepdim=True)
    return rows


def _directions(channels: int, outputs: range) -> Tensor:
    """The rows before they are scaled, float64."""
    few = _FEW.get(channels, ())
    waves = _waves(channels, outputs)
    for at, row in enumerate(few[outputs.start : outputs.stop]):
        waves[at] = torch.tensor(row, dtype=torch.float64)
    return waves


def _waves(channels: int, outputs: range) -> Tensor:
    """cos(pi * (f * x / channels + turn * GOLDEN * x^2)) at x = channel + 1/2; row n has f = n mod channels."""
    places = torch.arange(channels, dtype=torch.float64) + 0.5
    rows = torch.tensor(outputs, dtype=torch.float64)[:, None]
    turns, frequencies = rows.div(channels, rounding_mode="floor"), rows.remainder(channels)
    return torch.cos(math.pi * (frequencies * places / channels + turns * GOLDEN * places**2))
