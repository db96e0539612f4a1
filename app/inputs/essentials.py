"""A picture file reduced to what its first picture needs; broken metadata are then nobody's concern."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Essentials:
    """A picture file without what its first picture does not need.

    `frames` is how many pictures the original says it holds, None where its decoder tells; `all_counted` is False
    where there may be more. `profile_ignored` tells that a broken colour profile was left out.
    """

    data: bytes
    frames: int | None = None
    all_counted: bool = True
    profile_ignored: bool = False
