"""The table of kinds: of each its stages, letters, words and colours.

A new kind is a row of `KINDS`, a new stage a `Stage`. No other module compares names: what it needs is a field here.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["depthwise-separable", "spatially-separable", "standard"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A convolution of a layer, whatever its sizes.

    `letters` are those of its weights and `area` those of its output map. `K_H` and `K_W` are the sides of the kernel,
    written D_K where they are equal; `F_H` and `F_W` those of the output map, written D_F or H′ and W′.
    """

    name: str  # in addresses, and of its tensors
    title: str
    role: str  # its colour in `sepviz.palette`
    letters: tuple[str, ...]
    area: tuple[str, ...]
    explanation: str  # a sentence, for the source code
    spans: tuple[bool, bool]  # whether its kernel reaches along rows and along columns
    mixes_channels: bool  # whether an output is made of several channels, or each channel has kernels of its own

    @property
    def is_square(self) -> bool:
        """Whether the kernel reaches along both axes."""
        return all(self.spans)

    @property
    def is_pointwise(self) -> bool:
        """Whether the kernel is one cell, through all channels."""
        return not any(self.spans)

    @property
    def is_one_sided(self) -> bool:
        """Whether the kernel is a column or a row."""
        return any(self.spans) and not all(self.spans)

    @property
    def axis(self) -> int:
        """The axis that the kernel reaches along; the first of two."""
        return 1 if self.spans == (False, True) else 0


DEPTHWISE = Stage(
    name="depthwise",
    title="Depthwise",
    role="depthwise",
    letters=("K_H", "K_W", "M", "m"),
    area=("F_H", "F_W"),
    explanation="each channel is filtered on its own, nothing is mixed.",
    spans=(True, True),
    mixes_channels=False,
)
POINTWISE = Stage(
    name="pointwise",
    title="Pointwise",
    role="pointwise",
    letters=("M", "m", "N"),
    area=("F_H", "F_W"),
    explanation="a 1x1 convolution mixes the channels, cell by cell.",
    spans=(False, False),
    mixes_channels=True,
)
VERTICAL = Stage(
    name="vertical",
    title="Vertical",
    role="depthwise",
    letters=("K_H", "M"),
    area=("H′", "W"),
    explanation="each channel is filtered along its columns.",
    spans=(True, False),
    mixes_channels=False,
)
HORIZONTAL = Stage(
    name="horizontal",
    title="Horizontal",
    role="pointwise",
    letters=("K_W", "M"),
    area=("H′", "W′"),
    explanation="each channel is filtered along its rows.",
    spans=(False, True),
    mixes_channels=False,
)
STANDARD = Stage(
    name="standard",
    title="Standard",
    role="standard",
    letters=("K_H", "K_W", "M", "N"),
    area=("F_H", "F_W"),
    explanation="every output filters and mixes all channels at once.",
    spans=(True, True),
    mixes_channels=True,
)


@dataclass(frozen=True, slots=True)
class KindOfLayer:
    """A row of the table."""

    name: Kind
    title: str
    stages: tuple[Stage, ...]
    baseline: Stage  # the one convolution of the same shape that the layer stands for
    parameters: frozenset[str]  # those of its own, which not every kind has
    figure: str  # the figure of the layer
    class_name: str  # in source code
    description: str  # in source code
    replaced: str  # what the baseline is called beside it; `{kernel}` is its shape
    is_separable: bool = True

    @property
    def mixes_channels(self) -> bool:
        """Whether any stage does; if not, there are as many outputs as inputs."""
        return any(stage.mixes_channels for stage in self.stages)

    @property
    def adjective(self) -> str:
        """The title within a sentence: `depthwise separable`."""
        return self.title.lower()


# Parameters that only some kinds have.
OWN_PARAMETERS = ("out_channels", "depth_multiplier", "groups", "between")

KINDS: dict[Kind, KindOfLayer] = {
    row.name: row
    for row in (
        KindOfLayer(
            name="depthwise-separable",
            title="Depthwise separable",
            stages=(DEPTHWISE, POINTWISE),
            baseline=STANDARD,
            parameters=frozenset({"out_channels", "depth_multiplier", "between"}),
            figure="separable",
            class_name="SeparableConv2d",
            description="A depthwise separable convolution",
            replaced="a standard convolution of the same shape",
        ),
        KindOfLayer(
            name="spatially-separable",
            title="Spatially separable",
            stages=(VERTICAL, HORIZONTAL),
            baseline=DEPTHWISE,
            parameters=frozenset({"between"}),
            figure="spatial",
            class_name="SpatiallySeparableConv2d",
            description="A spatially separable convolution, per channel",
            replaced="one {kernel} kernel per channel",
        ),
        KindOfLayer(
            name="standard",
            title="Standard",
            stages=(STANDARD,),
            baseline=STANDARD,
            parameters=frozenset({"out_channels", "depth_multiplier", "groups"}),
            figure="standard",
            class_name="StandardConv2d",
            description="A standard convolution",
            replaced="a standard convolution of the same shape",
            is_separable=False,
        ),
    )
}
SEPARABLE: Kind = "depthwise-separable"  # the default, and what a standard layer is compared with
GROUPED: Kind = "standard"  # the kind with `groups`
