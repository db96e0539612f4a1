"""What becomes of a measured figure: a fault fails at once, a time only at twice its goal."""

from collections.abc import Iterator, Sequence
from statistics import median

from tests.support.table import Row

MIB = 2**20
TOLERANCE = 2


def faultless(what: str, faults: Sequence[str]) -> Iterator[Row]:
    """No fault may be; the first ones are told."""
    yield Row(what, f"{len(faults)} faults", "none", not faults, bool(faults))
    for fault in faults[:5]:
        yield Row("  ", fault)


def exactly(what: str, measured: str, goal: str, met: bool) -> Row:
    """A figure that is met or not, whatever the machine."""
    return Row(what, measured, goal, met, not met)


def at_most(what: str, value: float, limit: float, unit: str, digits: int = 0) -> Row:
    """A time, or what follows from times: it depends on the machine, and on what else runs there."""
    measured = f"{value:.{digits}f} {unit}"
    return Row(what, measured, f"<= {limit:g} {unit}", value <= limit, not value <= TOLERANCE * limit)


def at_least(what: str, shares: Sequence[float], limit: float) -> Row:
    """Return the row of a ratio of two rates, the median of a few runs, that follows from times as well."""
    share = median(shares)
    measured = f"{share:.2f}" + (f" ({', '.join(f'{each:.2f}' for each in shares)})" if len(shares) > 1 else "")
    return Row(what, measured, f">= {limit:g}", share >= limit, not share >= limit / TOLERANCE)


def middle(what: str, values: Sequence[float], limit: float, unit: str) -> Row:
    """The median of a few runs."""
    row = at_most(what, median(values), limit, unit, 2)
    return row._replace(measured=f"{row.measured} ({', '.join(f'{each:.2f}' for each in values)})")


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed; not a number, which meets no goal, of none."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else float("nan")
