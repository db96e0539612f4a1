"""Query strings into validated values: the layer's parameters, and each route's own options."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sepviz.encoded import DType, Scale
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec, described, parse, properties, whole_number
from sepviz.palette import ColorMap, PageColorMap

Model = TypeVar("Model", bound=BaseModel)


def _run(text: str) -> str:
    first, dash, last = text.partition("-")
    plain = dash and all(part.isascii() and part.isdigit() and len(part) <= 6 for part in (first, last))
    if not plain or int(first) > int(last):
        raise PydanticCustomError("known_input", "not a run of channels")
    return text


class LayerQuery(LayerSpec):
    """A layer and nothing else; the base of the others."""

    @property
    def layer(self) -> LayerSpec:
        """The layer without the route's own options."""
        return LayerSpec(**{name: getattr(self, name) for name in LayerSpec.model_fields})


class PageQuery(LayerQuery):
    """The layer of a page, and how its maps look, which is no part of the layer."""

    LOOK: ClassVar = ("colormap", "scale")

    colormap: PageColorMap = Field("diverging", **described("The colours of the maps."))
    scale: Scale = Field("channel", **described("Whether each map has a range of its own."))

    @property
    def look(self) -> dict[str, str]:
        """The options that are not the default, as an address has them."""
        return {
            name: getattr(self, name)
            for name in self.LOOK
            if getattr(self, name) != properties(type(self))[name]["default"]
        }


class MapsQuery(LayerQuery):
    """The options of feature maps as a picture."""

    colormap: ColorMap = Field("diverging", **described("The colour map."))
    scale: Scale = Field("channel", **described("Whether each map has a range of its own."))


class PlanesQuery(LayerQuery):
    """Which planes of each stage, and how large."""

    channels: Annotated[str, AfterValidator(_run)] | None = Field(
        None,
        **described("Only these channels of each stage.", allowed="a run such as 0-15, the lower number first"),
    )
    tile: Annotated[int, Field(ge=1, le=512), BeforeValidator(whole_number)] | None = Field(
        None, **described("At most so many cells a side, averaged; single cells among equal ones are kept.")
    )

    @property
    def channel_run(self) -> range | None:
        """The channels that were asked for; None: all."""
        if self.channels is None:
            return None
        first, last = map(int, self.channels.split("-"))
        return range(first, last + 1)

    @property
    def selection(self) -> Selection:
        """What is to be computed."""
        return Selection((), self.channel_run)


class TensorsQuery(PlanesQuery):
    """Which tensors, and how they are written."""

    dtype: DType = Field("float32", **described("Their type; with `uint8`, ranges come beside them."))
    stages: str | None = Field(None, max_length=400, **described("Some of `input` and the layer's stages, by comma."))
    format: Literal["safetensors", "npz"] = Field("safetensors", **described("The kind of file."))

    @property
    def selection(self) -> Selection:
        """What is to be computed."""
        return Selection(tuple(self.stages.split(",")) if self.stages else (), self.channel_run)


class LayerTableQuery(LayerQuery):
    """How the layer's numbers are written."""

    format: Literal["json", "csv", "markdown"] = Field("json", **described("As JSON, or its costs as a table."))


class CodeQuery(LayerQuery):
    """The framework that the source is for."""

    framework: str = Field("pytorch", max_length=40, **described("`pytorch`.", allowed="pytorch"))


def parse_query(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency: the request's whole query string as the model; `InvalidParameters` if it does not fit.

    Async, as it does not wait: FastAPI would send a plain function through its thread pool.
    """

    async def parsed(request: Request) -> Model:
        return parse(model, request.query_params.multi_items())

    return parsed


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """The parameters of the model, for OpenAPI."""
    parameters = [
        {"name": name, "in": "query", "required": False, "description": schema.get("description", ""), "schema": schema}
        for name, schema in properties(model).items()
    ]
    return {"parameters": parameters}
