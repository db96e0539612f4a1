"""The result of reducing a picture file to what its first picture needs, so that broken metadata do no harm."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Essentials:
    """A picture file without what its first picture does not need.

    `frames` is the number of pictures in the original, None where only the decoder knows it; `all_counted` is False
    where there may be more. `profile_ignored` is True where a broken colour profile was left out.
    """

    data: bytes
    frames: int | None = None
    all_counted: bool = True
    profile_ignored: bool = False
