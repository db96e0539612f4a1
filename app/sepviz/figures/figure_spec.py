"""`FigureSpec`: the parameters of a layer and of its figure, as in addresses, commands and documents."""

from dataclasses import fields
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sepviz.figures.options import MAX_FRAMES, MIN_WIDTH, THEMES, WIDEST, Background, Lang, Options, caption
from sepviz.layer.spec import Boolean, LayerSpec, described, whole_number


class FigureSpec(LayerSpec):
    """The layer's parameters and the figure's options; `parse` raises `InvalidParameters`."""

    theme: Literal[*THEMES] = Field("auto", **described("Colours; `auto` follows the reader's."))  # type: ignore[valid-type]
    width: Annotated[int, Field(ge=MIN_WIDTH, le=WIDEST), BeforeValidator(whole_number)] | None = Field(
        None, **described("Pixels across.")
    )
    background: Background = Field("paper", **described("Whether the figure brings its own paper."))
    title: Annotated[str, AfterValidator(caption)] | None = Field(
        None, **described("The caption; 80 characters of it.", allowed="any text")
    )
    lang: Lang = Field("en", **described("The language of its words."))
    animate: Boolean = Field(False, **described("Whether the kernel moves."))
    frames: Annotated[int, Field(ge=0, le=MAX_FRAMES), BeforeValidator(whole_number)] = Field(
        0, **described("The same as so many still pictures in one.")
    )
    maps: Boolean = Field(False, **described("Whether planes and kernels show the layer's real maps and weights."))

    @property
    def layer(self) -> LayerSpec:
        """The layer without the figure's options."""
        return LayerSpec(**{name: getattr(self, name) for name in LayerSpec.model_fields})

    @property
    def options(self) -> Options:
        """The figure's options without the layer."""
        return Options(**{each.name: getattr(self, each.name) for each in fields(Options)})
