"""The six photographs that come with Sepviz, 256 x 256, and their authors."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sepviz.errors import UnknownName
from sepviz.pictures.codec import Pixels
from sepviz.pictures.decoding import decode

FOLDER = Path(__file__).with_name("samples")


@dataclass(frozen=True)
class Sample:
    """One photograph: its name in a query, its title, its author, and the licence in two or three words."""

    name: str
    title: str
    author: str
    licence: str

    @property
    def credit(self) -> str:
        """One line for the page."""
        return f"{self.title}: {self.author}, {self.licence}"


SAMPLES = (
    Sample("chelsea", "Chelsea the cat", "Stefan van der Walt", "CC0"),
    Sample("coffee", "Cup of coffee", "Rachel Michetti", "CC0"),
    Sample("brick", "Brick wall", "CC0Textures", "CC0"),
    Sample("camera", "Cameraman", "Lav Varshney", "CC0"),
    Sample("rocket", "Rocket launch", "SpaceX", "public domain"),
    Sample("astronaut", "Astronaut", "NASA", "public domain"),
)

_NAMES = tuple(sample.name for sample in SAMPLES)


@cache
def sample_pixels(name: str) -> Pixels:
    """The sample's pixels, read-only uint8, (256, 256, 3), or (256, 256) for a grey one; raises `UnknownName`."""
    if name not in _NAMES:
        raise UnknownName("sample", name, _NAMES)
    return decode((FOLDER / f"{name}.jpg").read_bytes()).pixels
