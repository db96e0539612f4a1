"""The layer as source code, to be pasted into somebody's own project.

What is written is what is shown: the same stages under the same names, the same numbers, and with
`weights=random` the very same weights, since those are what seeding torch and then constructing the
stages in order gives.
"""

from collections.abc import Iterator

from sepviz.errors import UnknownName
from sepviz.layer.cost import StageCost, compare
from sepviz.layer.kinds import Kind, adjective
from sepviz.layer.operations import Convolution, Pair
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

FRAMEWORKS: tuple[str, ...] = ("pytorch",)

LINE_LENGTH = 88  # black's own

_CLASSES: dict[Kind, tuple[str, str]] = {
    "depthwise-separable": ("SeparableConv2d", f"A {adjective('depthwise-separable')} convolution"),
    "spatially-separable": (
        "SpatiallySeparableConv2d",
        f"A {adjective('spatially-separable')} convolution, per channel",
    ),
    "standard": ("StandardConv2d", f"A {adjective('standard')} convolution"),
}

_EXPLAINED = {
    "depthwise": "Depthwise: each channel is filtered on its own, nothing is mixed.",
    "pointwise": "Pointwise: a 1x1 convolution mixes the channels, cell by cell.",
    "vertical": "Vertical: each channel is filtered along its columns.",
    "horizontal": "Horizontal: each channel is filtered along its rows.",
    "standard": "Standard: every output filters and mixes all channels at once.",
}


def generate(spec: LayerSpec, framework: str = "pytorch") -> str:
    """Complete source of the layer; `UnknownName` for a framework that is not in `FRAMEWORKS`."""
    if framework not in FRAMEWORKS:
        raise UnknownName("framework", framework, FRAMEWORKS)
    return "\n".join(_pytorch(spec)) + "\n"


def _pytorch(spec: LayerSpec) -> Iterator[str]:
    name, described = _CLASSES[spec.kind]
    yield from ("import torch", "from torch import nn", "", "")
    yield f"class {name}(nn.Module):"
    yield f'    """{described}: {spec.in_channels} to {spec.out_channels} channels."""'
    yield from ("", "    def __init__(self) -> None:", "        super().__init__()")
    for stage in compare(spec).layer.stages:
        yield from _stage(stage)
    yield from ("", "    def forward(self, x: torch.Tensor) -> torch.Tensor:")
    yield from _forward(spec)
    yield from ("", "")
    yield from _usage(spec, name)


def _stage(cost: StageCost) -> Iterator[str]:
    """The module of one stage, with its padding where `nn.Conv2d` cannot pad that way itself."""
    shape = cost.operation
    yield f"        # {_EXPLAINED[shape.name]}"
    yield f"        # {_counted(cost.macs.value, 'MAC')}, {_counted(cost.params, 'param')}"
    if not _even(shape):
        (top, bottom), (left, right) = shape.padding
        yield "        # Padding left, right, top, bottom: an odd rest goes right and bottom."
        yield f"        self.{_pad(shape)} = nn.ZeroPad2d(({left}, {right}, {top}, {bottom}))"
    yield from _call(f"        self.{shape.name} = nn.Conv2d", list(_arguments(shape, bias=cost.biases > 0)))


def _arguments(shape: Convolution, bias: bool) -> Iterator[str]:
    """The arguments of `nn.Conv2d`; those that are PyTorch's default are left out, but not the bias."""
    yield from (str(shape.in_channels), str(shape.out_channels))
    yield f"kernel_size={_pair(shape.kernel)}"
    if shape.stride != (1, 1):
        yield f"stride={_pair(shape.stride)}"
    if _even(shape) and _padded(shape):
        (top, _), (left, _) = shape.padding
        yield f"padding={_pair((top, left))}"
    if shape.dilation != (1, 1):
        yield f"dilation={_pair(shape.dilation)}"
    # A pointwise or standard stage has one group, and so has a depthwise one of a single channel: there
    # the number is written all the same, as it is what makes the stage depthwise.
    if shape.name not in ("pointwise", "standard"):
        yield f"groups={shape.groups}"
    yield f"bias={bias}"


def _forward(spec: LayerSpec) -> Iterator[str]:
    *before, last = plan(spec).convolutions
    for shape in before:
        yield f"        x = {_applied(shape)}"
    yield f"        return {_applied(last)}"


def _applied(shape: Convolution) -> str:
    return f"self.{shape.name}({'x' if _even(shape) else f'self.{_pad(shape)}(x)'})"


def _usage(spec: LayerSpec, name: str) -> Iterator[str]:
    stages = plan(spec).convolutions
    if spec.weights == "random":
        yield f"torch.manual_seed({spec.seed})  # the same weights as Sepviz shows"
    yield f"layer = {name}()"
    if spec.weights == "classic":
        yield from _classic(spec)
    shown = ", ".join(map(str, (1, *stages[0].input_shape)))
    yield f"y = layer(torch.randn({shown}))  # {(1, *stages[-1].output_shape)}"


def _classic(spec: LayerSpec) -> Iterator[str]:
    """Where to get the named filters: they are data, and so they are in a file, not in the source."""
    yield "# The layer now has PyTorch's initial weights. The classic filters that Sepviz shows"
    yield f"# are in this safetensors file, under keys such as {plan(spec).convolutions[0].name}.weight; to load it:"
    yield f"# /api/tensors?{spec.query()}"
    yield "# from safetensors.torch import load_file"
    yield '# tensors = load_file("tensors.safetensors")'
    yield "# layer.load_state_dict({name: tensors[name] for name in layer.state_dict()})"


def _call(called: str, arguments: list[str]) -> Iterator[str]:
    """A call as black lays it out: on one line, else its arguments on one, else one argument a line."""
    margin = called[: len(called) - len(called.lstrip())]
    joined = ", ".join(arguments)
    if len(f"{called}({joined})") <= LINE_LENGTH:
        yield f"{called}({joined})"
        return
    yield f"{called}("
    if len(f"{margin}    {joined}") <= LINE_LENGTH:
        yield f"{margin}    {joined}"
    else:
        yield from (f"{margin}    {argument}," for argument in arguments)
    yield f"{margin})"


def _even(shape: Convolution) -> bool:
    """Whether both sides of each axis are padded alike, which is all that `nn.Conv2d` can do in numbers."""
    return all(before == after for before, after in shape.padding)


def _padded(shape: Convolution) -> bool:
    return any(cells for axis in shape.padding for cells in axis)


def _pad(shape: Convolution) -> str:
    return f"{shape.name}_pad"


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
