"""A table of figures, each beside its goal."""

import os
import platform
import timeit
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch


class Row(NamedTuple):
    """One line of the table; no goal: told for comparison. `failed`: worse than any run may be."""

    what: str
    measured: str
    goal: str = ""
    met: bool | None = None
    failed: bool = False


def spread(values: list[float], unit: str, digits: int = 1) -> str:
    middle, low, high = (f"{value:.{digits}f}" for value in (median(values), min(values), max(values)))
    return f"{middle} {unit} ({low}-{high})"


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line[:10] == "model name"]
        model = named[0] if named else model
    pace = min(timeit.repeat("sum(range(1_000_000))", number=1, repeat=20)) * 1000
    told = f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, torch {torch.__version__}"
    return f"{told}; a million additions take {pace:.1f} ms"


def known(names: list[str], sections: Mapping[str, object]) -> list[str]:
    """The sections named, all of them if none is."""
    if unknown := [name for name in names if name not in sections]:
        raise SystemExit(f"no section {', '.join(unknown)}; there are {', '.join(sections)}")
    return names or list(sections)


def show(sections: list[Callable[[], Iterator[Row]]], wide: int = 34) -> bool:
    """Print the rows as they come; whether none has failed."""
    print(machine())
    print(f"{'what':44} | {'measured: median (min-max)':{wide}} | {'goal':16} | met?")
    missed = failed = 0
    for section in sections:
        for row in section():
            met = "" if row.met is None else "yes" if row.met else "NO"
            print(f"{row.what:44} | {row.measured:{wide}} | {row.goal:16} | {met}", flush=True)
            missed += row.met is False
            failed += row.failed
    print(f"load average {os.getloadavg()[0]:.1f} at the end; {missed} goals missed")
    return not failed
