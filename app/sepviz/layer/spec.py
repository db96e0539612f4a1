"""`LayerSpec`: a layer as a query string.

The names, bounds and defaults of every layer parameter live here and nowhere else. The page, the
API, the figures and the command line all parse into this one frozen value, and everything below
them trusts it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from math import gcd
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from sepviz.errors import BadParameter, InvalidParameters, truncate_printable
from sepviz.layer.kinds import KINDS as KIND_TABLE
from sepviz.layer.kinds import OWN_PARAMETERS, Kind
from sepviz.layer.operations import FOLLOWERS
from sepviz.layer.size import Size, SizeBetween

Weights = Literal["classic", "random"]
SampleName = Literal["chelsea", "coffee", "brick", "camera", "rocket", "astronaut"]
GeneratedName = Literal["impulse", "step", "checkerboard", "zone-plate", "gradient", "noise", "one-channel"]

KINDS: tuple[Kind, ...] = tuple(KIND_TABLE)
SAMPLES: tuple[str, ...] = get_args(SampleName)
GENERATED: tuple[str, ...] = get_args(GeneratedName)
# Parameter values for which numbers are drawn from the seed.
RANDOM: dict[str, tuple[str, ...]] = {"input": ("noise",), "weights": ("random",)}
UPLOAD_PATTERN = r"upload-[0-9a-f]{32}"

Model = TypeVar("Model", bound=BaseModel)

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_INPUT = re.compile("|".join((*SAMPLES, *GENERATED, UPLOAD_PATTERN)))


def whole_number(value: object) -> int:
    """Plain decimal digits only: pydantic alone would read `3_0` as 30, `3.0` as 3 and `true` as 1."""
    if type(value) is int:
        return value
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        # Python refuses to read thousands of digits; a part of them is as far out of bounds.
        return int(value[:20])
    raise PydanticCustomError("whole_number", "not a whole number in plain digits")


def _padding(value: object) -> object:
    return value if value in ("same", "valid") else whole_number(value)


def _true_or_false(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("true_or_false", "neither true nor false")


def _known_input(value: str) -> str:
    if _INPUT.fullmatch(value):
        return value
    raise PydanticCustomError("known_input", "no such input")


def _followers(value: object) -> tuple[str, ...]:
    """`norm,relu6` as names; empty for `none`."""
    if isinstance(value, tuple):
        value = ",".join(map(str, value)) or NONE
    if value == NONE:
        return ()
    names = tuple(str(value).split(","))
    if not set(names) <= set(FOLLOWERS):
        raise PydanticCustomError("known_operation", "no such operation")
    if len(set(names)) < len(names):
        raise PydanticCustomError("known_operation", "an operation is named twice")
    return names


NONE = "none"
_OPERATIONS = f"`{NONE}`, or operations by comma: {', '.join(FOLLOWERS)}"
Integer = Annotated[int, BeforeValidator(whole_number)]
Boolean = Annotated[bool, BeforeValidator(_true_or_false)]
Followers = Annotated[
    tuple[str, ...],
    PlainValidator(_followers),
    PlainSerializer(lambda names: ",".join(names) or NONE),
    WithJsonSchema({"type": "string", "pattern": f"^({NONE}|({'|'.join(FOLLOWERS)})(,({'|'.join(FOLLOWERS)}))*)$"}),
]


def described(description: str, **extra: str) -> dict[str, Any]:
    """Keyword arguments for a `Field`: its description, and what else its JSON schema is to carry."""
    return {"description": description, "json_schema_extra": dict(extra)}


def _sizes(low: int, high: int, example: str) -> str:
    return f"a whole number from {low} to {high}, or HEIGHTxWIDTH such as {example}"


# Parameters that came later are in an address only where they are not the default: older addresses stay as they are.
LATER = ("groups", "between", "after")


class LayerSpec(BaseModel):
    """One layer, its input and its weights; `parse` raises `InvalidParameters` for anything illegal.

    Sizes are in cells of the map, counts in channels. Names are PyTorch's; the letters in the JSON
    schema are those of MobileNets (arXiv 1704.04861). "Convolution" is cross-correlation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field("depthwise-separable", **described("Which layer is shown."))
    in_channels: Integer = Field(3, ge=1, le=4096, **described("Channels of the input.", letter="M"))
    out_channels: Integer = Field(8, ge=1, le=4096, **described("Channels of the output.", letter="N"))
    kernel_size: Annotated[Size, SizeBetween(1, 31)] = Field(
        Size.square(3), **described("Height and width of the kernel.", letter="D_K", allowed=_sizes(1, 31, "1x7"))
    )
    stride: Integer = Field(1, ge=1, le=32, **described("Step of the first stage; the pointwise stage has 1."))
    padding: Annotated[Literal["same", "valid"] | Annotated[int, Field(ge=0, le=64)], BeforeValidator(_padding)] = (
        Field("same", **described("`same` (as TensorFlow pads), `valid` (none) or a number of cells on every side."))
    )
    dilation: Integer = Field(1, ge=1, le=64, **described("Distance between neighbouring kernel cells."))
    depth_multiplier: Integer = Field(1, ge=1, le=64, **described("Depthwise outputs per input channel.", letter="m"))
    groups: Integer = Field(
        1, ge=1, le=4096, **described("Groups of a standard convolution: 1 is standard, M is depthwise.", letter="g")
    )
    between: Followers = Field((), **described("Operations between the stages.", allowed=_OPERATIONS))
    after: Followers = Field((), **described("Operations after the last stage.", allowed=_OPERATIONS))
    bias: Boolean = Field(False, **described("Whether every stage adds a bias, as in `nn.Conv2d`."))
    size: Annotated[Size, SizeBetween(1, 2048)] = Field(
        Size.square(128),
        **described("Height and width of the input tensor.", letter="D_F in", allowed=_sizes(1, 2048, "1080x1920")),
    )
    input: Annotated[str, AfterValidator(_known_input)] = Field(
        "chelsea",
        **described(
            "A sample, a generated tensor, or the id of an uploaded picture.",
            allowed=f"one of {', '.join((*SAMPLES, *GENERATED))}, or the id of an uploaded picture",
        ),
    )
    weights: Weights = Field("classic", **described("Named filters, or PyTorch's own random initialisation."))
    seed: Integer = Field(0, ge=0, le=2**32 - 1, **described("Seed of everything random."))

    @model_validator(mode="before")
    @classmethod
    def _per_channel_kind_keeps_its_channels(cls, data: Any) -> Any:
        """Where no stage mixes channels N is M, unless another number is given (and refused)."""
        if isinstance(data, Mapping) and "out_channels" not in data and not _mixes_channels(data.get("kind")):
            return {**data, "out_channels": data.get("in_channels", cls.model_fields["in_channels"].default)}
        return data

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        kind = KIND_TABLE[self.kind]
        if not kind.mixes_channels and self.out_channels != self.in_channels:
            fits = f"leave it out, or give in_channels, {self.in_channels}"
            why = f"a {self.kind} layer works per channel"
            raise _refusal("out_channels", self.out_channels, why, fits, self.in_channels)
        for name in OWN_PARAMETERS[1:]:
            default = LayerSpec.model_fields[name].default
            if name not in kind.parameters and getattr(self, name) != default:
                value, usual = as_text(getattr(self, name)), as_text(default)
                raise _refusal(name, value, f"a {self.kind} layer has none", f"leave it out, or give {usual}", usual)
        divisors = self.possible_groups
        if self.groups not in divisors:
            nearest = min(divisors, key=lambda each: abs(each - self.groups))
            why = f"it does not divide both in_channels, {self.in_channels}, and out_channels, {self.out_channels}"
            raise _refusal("groups", self.groups, why, f"{_few(divisors)} would", nearest)
        return self

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """The spec of a decoded query string; `InvalidParameters` for unknown, repeated or bad ones."""
        return parse(cls, pairs)

    def values(self) -> dict[str, str]:
        """Every parameter that this kind has, in the order of the table, as text."""
        left_out = set(OWN_PARAMETERS) - KIND_TABLE[self.kind].parameters
        return {name: as_text(getattr(self, name)) for name in LayerSpec.model_fields if name not in left_out}

    def parameters(self) -> dict[str, str]:
        """The parameters that the address names: all but the defaults of `LATER`."""
        usual = {name: as_text(LayerSpec.model_fields[name].default) for name in LATER}
        return {name: text for name, text in self.values().items() if text != usual.get(name)}

    def non_default(self) -> dict[str, str]:
        """The parameters whose value is not the default, for a short address of the same layer."""
        usual = LayerSpec().parameters()
        return {name: value for name, value in self.parameters().items() if value != usual.get(name)}

    @property
    def is_random(self) -> bool:
        """Whether any number is drawn from the seed."""
        return any(getattr(self, name) in values for name, values in RANDOM.items())

    def query(self) -> str:
        """The canonical query string: equal specs, and only they, have equal ones."""
        return _query(self)

    def replace(self, **changes: object) -> "LayerSpec":
        """This spec with some parameters changed, validated anew."""
        return LayerSpec.parse({**self.parameters(), **{k: str(v) for k, v in changes.items()}}.items())

    def geometry(self) -> "LayerSpec":
        """What alone decides shapes, costs and diagrams: this spec with the default input, weights and seed."""
        others = ("input", "weights", "seed")
        return self.model_copy(update={name: LayerSpec.model_fields[name].default for name in others})

    def as_kind(self, kind: Kind) -> "LayerSpec":
        """The same layer as another kind, without what that has not; N is M where it mixes no channels."""
        if kind == self.kind:
            return self
        other, defaults = KIND_TABLE[kind], {name: field.default for name, field in LayerSpec.model_fields.items()}
        changes: dict[str, object] = {name: defaults[name] for name in OWN_PARAMETERS if name not in other.parameters}
        if not other.mixes_channels:
            changes["out_channels"] = self.in_channels
        elif not KIND_TABLE[self.kind].mixes_channels:
            changes["out_channels"] = defaults["out_channels"]
        return self.model_copy(update={"kind": kind, **changes})

    @property
    def possible_groups(self) -> list[int]:
        """The common divisors of the channels of the input and of the output."""
        common = gcd(self.in_channels, self.out_channels)
        return [each for each in range(1, common + 1) if common % each == 0]

    @property
    def padding_cells(self) -> int:
        """Cells on every side where `padding` is a number; 0 for `valid`, and without meaning for `same`."""
        return self.padding if isinstance(self.padding, int) else 0


# The page names one layer a dozen times. No value has a character that an address would have to escape.
@lru_cache(maxsize=64)
def _query(spec: LayerSpec) -> str:
    return "&".join([f"{name}={value}" for name, value in spec.parameters().items()])


def as_text(value: object) -> str:
    """A parameter's value as an address has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and not isinstance(value, Size):
        return ",".join(value) or NONE
    return str(value)


def _mixes_channels(kind: object) -> bool:
    """Whether a layer of the kind does; an unknown one is refused elsewhere."""
    return kind not in KINDS or KIND_TABLE[kind].mixes_channels


def _few(numbers: Sequence[int]) -> str:
    """Numbers in words, those in the middle left out where they are many."""
    if len(numbers) > 8:
        return f"{', '.join(map(str, numbers[:6]))}, ... or {numbers[-1]}"
    return " or ".join(filter(None, (", ".join(map(str, numbers[:-1])), str(numbers[-1]))))


def _refusal(parameter: str, value: object, why: str, fits: str, fitting: object) -> PydanticCustomError:
    context = {
        "parameter": parameter,
        "value": truncate_printable(value),
        "why": why,
        "fits": fits,
        "fitting": str(fitting),
    }
    return PydanticCustomError("combination", "{parameter} {value}: {why}; {fits}", context)


@cache
def properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each parameter: bounds, default, description and letter."""
    found: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    return found


def allowed(name: str, model: type[BaseModel] = LayerSpec) -> str:
    """What the parameter may be, in words, from the same bounds that validate it."""
    schema = properties(model)[name]
    if "allowed" in schema:
        return str(schema["allowed"])
    options = [_allowed(each) for each in schema.get("anyOf", [schema])]
    return " or ".join(each for each in options if each)


def _allowed(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "integer":
        return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    if schema.get("type") == "null":
        return ""
    return "true or false" if schema.get("type") == "boolean" else str(schema.get("description", "text"))


def parse(model: type[Model], pairs: Iterable[tuple[str, str]]) -> Model:
    """Any query model from decoded pairs, with the errors of `LayerSpec`."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise InvalidParameters(
                [
                    BadParameter(
                        truncate_printable(name), truncate_printable(value), "give it once", "given more than once"
                    )
                ]
            )
        given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidParameters(bad_parameters(error.errors(), model, given)) from None


def bad_parameters(
    errors: Iterable[ErrorDetails], model: type[BaseModel], given: Mapping[str, str]
) -> list[BadParameter]:
    """pydantic's errors in our words; one for each parameter, the first that was found."""
    found: dict[str, BadParameter] = {}
    known_names = {truncate_printable(name) for name in given}
    for error in errors:
        context = error.get("ctx", {})
        if error["type"] == "combination":
            name = context["parameter"]
            fitting = ((name, context["fitting"]),)
            bad = BadParameter(name, context["value"], context["fits"], context["why"], fitting)
        else:
            name = str(error["loc"][0]) if error["loc"] else "query"
            if error["type"] == "extra_forbidden":
                known = ", ".join(model.model_fields)
                bad = BadParameter(
                    truncate_printable(name),
                    truncate_printable(error["input"]),
                    f"known are {known}",
                    "no such parameter",
                )
            else:
                value = truncate_printable(given.get(name, error["input"]))
                bound = context.get("ge", context.get("le"))
                fits = () if bound is None else ((name, str(bound)),)
                bad = BadParameter(name, value, f"it must be {allowed(name, model)}", _why(error), fits)
        # Of the branches of a union, the one that says how far off a number is says most.
        if bad.parameter not in found or error["type"].endswith("than_equal"):
            found[bad.parameter] = bad
    # What was filled in is as bad as what it was filled in from; only that one was given.
    return [bad for bad in found.values() if bad.parameter in known_names or not known_names & set(found)]


def _why(error: ErrorDetails) -> str:
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        return "too small" if error["type"] == "greater_than_equal" else "too large"
    known = ("whole_number", "true_or_false", "known_input", "known_operation")
    return error["msg"] if error["type"] in known else "not one of the choices"
