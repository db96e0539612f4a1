"""`Box`: a rectangle of pixels, and the part of a picture that a layer gets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; `left` and `top` count from the upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom), as Pillow has them."""
        return self.left, self.top, self.left + self.width, self.top + self.height


def centred_box(width: int, height: int, shape: tuple[int, int] = (1, 1)) -> Box:
    """The largest centred box of a picture with the proportions of `shape` (height, width), to the nearest pixel.

    Where one pixel is left over, it is at the right or the bottom.
    """
    rows, columns = shape
    box_width = max(1, min(width, round(height * columns / rows)))
    box_height = max(1, min(height, round(width * rows / columns)))
    return Box((width - box_width) // 2, (height - box_height) // 2, box_width, box_height)
