"""The query strings of the routes: the layer's parameters and each route's own options."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sepviz.encoded import DType, Scale
from sepviz.errors import BadParameter, InvalidParameters
from sepviz.layer.cell import Cell, check_cell, default_cell, middle_cell, parse_cell
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec, described, parse, properties, whole_number
from sepviz.palette import ColorMap, PageColorMap
from sepviz.web.lenses import LensName

MAX_NUMBER = 10**6  # above every channel, row and column

Model = TypeVar("Model", bound=BaseModel)


def _run(text: str) -> str:
    first, dash, last = text.partition("-")
    plain = dash and all(part.isascii() and part.isdigit() and len(part) <= 6 for part in (first, last))
    if not plain or int(first) > int(last):
        raise PydanticCustomError("known_input", "not a run of channels")
    return text


class LayerQuery(LayerSpec):
    """A layer without options; the base of the others."""

    @property
    def layer(self) -> LayerSpec:
        """The layer without the route's own options."""
        return LayerSpec(**{name: getattr(self, name) for name in LayerSpec.model_fields})


def _known_cell(text: str) -> str:
    try:
        return parse_cell(text).text
    except ValueError as error:
        raise PydanticCustomError("known_input", "{why}", {"why": str(error)}) from error


# Another channel than those that the cell is made of is no error: it stays chosen while the cell moves.
Through = Annotated[
    Annotated[int, Field(ge=0, le=MAX_NUMBER), BeforeValidator(whole_number)] | None,
    Field(**described("The channel whose window and kernel are shown, of those that the cell is made of.")),
]


class PageQuery(LayerQuery):
    """The layer of a page, and how the page shows it, which is no part of the layer."""

    COLOURS: ClassVar = ("colormap", "scale")  # of pictures of maps, too
    LOOK: ClassVar = (*COLOURS, "lens", "cell", "through")

    colormap: PageColorMap = Field("diverging", **described("The colours of the maps."))
    scale: Scale = Field("channel", **described("Whether each map has a range of its own."))
    lens: LensName = Field("diagram", **described("What is shown above the maps."))
    cell: Annotated[str, AfterValidator(_known_cell)] | None = Field(
        None,
        max_length=80,
        **described("The chosen cell: stage, channel, row, column.", allowed="a cell such as pointwise,3,52,49"),
    )
    through: Through = None

    @property
    def look(self) -> dict[str, str]:
        """The options that differ from the default, as in an address."""
        return {
            name: getattr(self, name)
            for name in self.LOOK
            if getattr(self, name) != properties(type(self))[name]["default"]
        }

    @property
    def colours(self) -> dict[str, str]:
        """The options that pictures of maps have as well and that differ from the default."""
        return {name: value for name, value in self.look.items() if name in self.COLOURS}

    @property
    def chosen_cell(self) -> Cell:
        """The chosen cell, or the default one; perhaps one that the layer does not have."""
        return parse_cell(self.cell) if self.cell else default_cell(plan(self.layer))


class MapsQuery(LayerQuery):
    """The options of feature maps as a picture."""

    colormap: ColorMap = Field("diverging", **described("The colour map."))
    scale: Scale = Field("channel", **described("Whether each map has a range of its own."))


class PlanesQuery(LayerQuery):
    """Which channels of each stage, and how large."""

    channels: Annotated[str, AfterValidator(_run)] | None = Field(
        None,
        **described("Only these channels of each stage.", allowed="a run such as 0-15, the lower number first"),
    )
    tile: Annotated[int, Field(ge=1, le=512), BeforeValidator(whole_number)] | None = Field(
        None, **described("At most so many cells a side, averaged; single cells among equal ones are kept.")
    )

    @property
    def channel_run(self) -> range | None:
        """The selected channels; None for all."""
        if self.channels is None:
            return None
        first, last = map(int, self.channels.split("-"))
        return range(first, last + 1)

    @property
    def selection(self) -> Selection:
        """The selected stages and channels."""
        return Selection((), self.channel_run)


class TensorsQuery(PlanesQuery):
    """Which tensors, and their format."""

    dtype: DType = Field("float32", **described("Their type; with `uint8`, ranges come beside them."))
    stages: str | None = Field(None, max_length=400, **described("Some of `input` and the layer's stages, by comma."))
    format: Literal["safetensors", "npz"] = Field("safetensors", **described("The kind of file."))

    @property
    def selection(self) -> Selection:
        """The selected stages and channels."""
        return Selection(tuple(self.stages.split(",")) if self.stages else (), self.channel_run)


class LayerTableQuery(LayerQuery):
    """The format of the layer's numbers."""

    format: Literal["json", "csv", "markdown"] = Field("json", **described("As JSON, or its costs as a table."))


_Number = Annotated[int, Field(ge=0, le=MAX_NUMBER), BeforeValidator(whole_number)] | None


class PixelQuery(LayerQuery):
    """One cell of a map of a stage."""

    stage: str | None = Field(
        None, max_length=80, **described("The stage; by default the last.", allowed="a stage of the layer")
    )
    channel: _Number = Field(None, **described("The channel of its map."))
    y: _Number = Field(None, **described("The row."))
    x: _Number = Field(None, **described("The column."))
    through: Through = None

    @property
    def chosen_cell(self) -> Cell:
        """The cell, by default one near the middle of a map; raises `InvalidParameters` where the layer has none."""
        planned = plan(self.layer)
        operation = next((each for each in planned.operations if each.name == self.stage), planned.operations[-1])
        middle = middle_cell(operation)
        given = (self.channel, self.y, self.x)
        numbers = (default if each is None else each for each, default in zip(given, middle[1:], strict=True))
        cell = Cell(self.stage or operation.name, *numbers)
        check_cell(planned, cell, ("stage", "channel", "y", "x"))
        return cell


class ApproximationQuery(LayerQuery):
    """The output whose maps are compared."""

    channel: _Number = Field(
        None, **described("The output whose map is compared; by default the one that the page chooses.")
    )

    @property
    def output(self) -> int:
        """The chosen output; `InvalidParameters` where the layer has none of that number."""
        chosen = default_cell(plan(self.layer)).channel if self.channel is None else self.channel
        last = self.out_channels - 1
        if chosen > last:
            fits = (("channel", str(last)),)
            bad = BadParameter("channel", str(chosen), f"0 to {last} would fit", "there is no such output", fits)
            raise InvalidParameters([bad])
        return chosen


class CodeQuery(LayerQuery):
    """The framework that the source is for."""

    framework: str = Field("pytorch", max_length=40, **described("`pytorch`.", allowed="pytorch"))


def parse_query(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """Return a dependency that parses the query string as the model; it raises `InvalidParameters`.

    It is async because FastAPI would call a plain function in its thread pool.
    """

    async def parsed(request: Request) -> Model:
        return parse(model, request.query_params.multi_items())

    return parsed


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """Return the model's parameters for OpenAPI."""
    parameters = [
        {"name": name, "in": "query", "required": False, "description": schema.get("description", ""), "schema": schema}
        for name, schema in properties(model).items()
    ]
    return {"parameters": parameters}
