"""The curve of the lens "What is given up": errors and cost over the depth multiplier, as paths of an SVG."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# Each rank on the curve is a control of 24 pixels: of many these, the present one, the exact one and the last.
MAX_POINTS = 12
STOPS = (1, 2, 3, 4, 6, 8, 16, 32, 64)
STEP, HEIGHT = 100, 100  # of the SVG, for each rank; it is stretched to its column


class CurvePoint(NamedTuple):
    """One rank: its numbers, and where they stand."""

    rank: int
    kernel_error: float
    output_error: float | None
    ratio: float  # MACs over those of the standard layer
    is_present: bool
    is_allowed: bool  # whether it may be the depth multiplier of a layer


class Curve(NamedTuple):
    """The points, the paths through them, and the heights of the labels, in percent from the top."""

    points: tuple[CurvePoint, ...]
    kernel_path: str
    output_path: str
    cost_path: str
    kernel_dots: str
    present_dot: str
    width: int
    standard_height: float
    top_error: float

    @property
    def present(self) -> CurvePoint | None:
        """The point of the layer's own depth multiplier; None where that is beyond the largest rank."""
        return next((each for each in self.points if each.is_present), None)


def approximation_curve(document: Mapping[str, Any], largest: int) -> Curve:
    """The curve of a standard layer's approximations; depth multipliers are at most `largest`."""
    points = tuple(_points(document, largest))
    top_error = max(1.0, *(each.kernel_error for each in points), *(each.output_error or 0 for each in points))
    top_ratio = max(1.0, *(each.ratio for each in points)) * 1.08  # the line of the standard layer is below the top
    kernel = [HEIGHT * (1 - each.kernel_error / top_error) for each in points]
    output = [
        (place, HEIGHT * (1 - each.output_error / top_error))
        for place, each in enumerate(points)
        if each.output_error is not None
    ]
    cost = [HEIGHT * (1 - each.ratio / top_ratio) for each in points]
    return Curve(
        points,
        _path(enumerate(kernel)),
        _path(output),
        _path(enumerate(cost)),
        _dots(enumerate(kernel)),
        _dots((place, height) for place, height in enumerate(kernel) if points[place].is_present),
        STEP * len(points),
        round(HEIGHT * (1 - 1 / top_ratio), 2),
        top_error,
    )


def _points(document: Mapping[str, Any], largest: int) -> Iterator[CurvePoint]:
    ranks: Sequence[Mapping[str, Any]] = document["ranks"]
    present, full = document["depth_multiplier"], ranks[-1]["depth_multiplier"]
    shown = {*STOPS, present, document["exact_from"], full} if full > MAX_POINTS else range(full + 1)
    for each in ranks:
        rank = each["depth_multiplier"]
        if rank in shown:
            ratio = each["macs"] / document["standard"]["macs"]
            errors = each["kernel_error"], each["output_error"]
            yield CurvePoint(rank, *errors, ratio, rank == present, rank <= largest)


def _path(places: Iterable[tuple[int, float]]) -> str:
    """A line through (number of the point, height)."""
    return "M" + "L".join(f"{STEP * place + STEP // 2} {height:.2f}" for place, height in places)


def _dots(places: Iterable[tuple[int, float]]) -> str:
    """Lines of no length, whose round ends are the dots: they stay round where the SVG is stretched."""
    return "".join(f"M{STEP * place + STEP // 2} {height:.2f}h0" for place, height in places)
