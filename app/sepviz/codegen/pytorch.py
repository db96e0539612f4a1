"""The layer as PyTorch source code, to be pasted into another project.

The code has the stages, names and numbers that Sepviz shows. With `weights=random` it also has the same weights, which
are those of `nn.Conv2d` when the stages are constructed in order after seeding torch.
"""

from collections.abc import Iterator

from sepviz.errors import UnknownName
from sepviz.layer.cost import OperationCost, compare
from sepviz.layer.operations import Activation, Convolution, Norm, Operation, Pair
from sepviz.layer.plan import Plan, plan
from sepviz.layer.spec import LayerSpec

FRAMEWORKS: tuple[str, ...] = ("pytorch",)

MAX_LINE_LENGTH = 88  # that of black


def generate(spec: LayerSpec, framework: str = "pytorch") -> str:
    """The complete source of a module; `UnknownName` for a framework that is not in `FRAMEWORKS`."""
    if framework not in FRAMEWORKS:
        raise UnknownName("framework", framework, FRAMEWORKS)
    return "\n".join(_module_lines(spec)) + "\n"


def _module_lines(spec: LayerSpec) -> Iterator[str]:
    planned = plan(spec)
    kind = planned.kind
    yield from ("import torch", "from torch import nn", "", "")
    yield f"class {kind.class_name}(nn.Module):"
    yield f'    """{kind.description}: {spec.in_channels} to {spec.out_channels} channels."""'
    yield from ("", "    def __init__(self) -> None:", "        super().__init__()")
    for cost in compare(spec).layer.operations:
        yield from _constructor_lines(cost)
    yield from ("", "    def forward(self, x: torch.Tensor) -> torch.Tensor:")
    *calls, last = map(_call_module, planned.operations)
    yield from (f"        x = {call}" for call in calls)
    yield f"        return {last}"
    yield from ("", "")
    yield from _usage_lines(spec, planned)


def _constructor_lines(cost: OperationCost) -> Iterator[str]:
    operation = cost.operation
    target = f"        self.{_attribute(operation)}"
    match operation:
        case Convolution():
            yield f"        # {operation.stage.title}: {operation.stage.explanation}"
            yield f"        # {_format_count(operation.macs, 'MAC')}, {_format_count(operation.params, 'param')}"
            if operation.stage.mixes_channels and operation.groups > 1:
                inputs = _format_count(operation.in_channels // operation.groups, "input channel")
                yield f"        # {operation.groups} groups: an output reads the {inputs} of its group."
            if not _is_symmetric(operation):
                # `nn.Conv2d` pads both sides of an axis alike.
                (top, bottom), (left, right) = operation.padding
                yield "        # Padding left, right, top, bottom: an odd rest goes right and bottom."
                yield f"        self.{operation.name}_pad = nn.ZeroPad2d(({left}, {right}, {top}, {bottom}))"
            yield from _format_call(f"{target} = nn.Conv2d", list(_conv2d_arguments(operation)))
        case Norm():
            yield f"        # Batch norm: {_format_count(operation.params, 'param')}"
            yield f"{target} = nn.BatchNorm2d({operation.channels})"
        case Activation():
            yield f"{target} = nn.{operation.module}()"


def _conv2d_arguments(convolution: Convolution) -> Iterator[str]:
    """The arguments of `nn.Conv2d` that differ from its defaults, and `bias`."""
    yield from (str(convolution.in_channels), str(convolution.out_channels))
    yield f"kernel_size={_format_pair(convolution.kernel)}"
    if convolution.stride != (1, 1):
        yield f"stride={_format_pair(convolution.stride)}"
    (top, _), (left, _) = convolution.padding
    if _is_symmetric(convolution) and (top or left):
        yield f"padding={_format_pair((top, left))}"
    if convolution.dilation != (1, 1):
        yield f"dilation={_format_pair(convolution.dilation)}"
    # A stage that works per channel has `groups` also where it is 1, for a single channel.
    if convolution.groups > 1 or not convolution.stage.mixes_channels:
        yield f"groups={convolution.groups}"
    yield f"bias={convolution.bias}"


def _call_module(operation: Operation) -> str:
    x = "x"
    if isinstance(operation, Convolution) and not _is_symmetric(operation):
        x = f"self.{operation.name}_pad(x)"
    return f"self.{_attribute(operation)}({x})"


def _usage_lines(spec: LayerSpec, planned: Plan) -> Iterator[str]:
    if spec.weights == "random":
        yield f"torch.manual_seed({spec.seed})  # the same weights as Sepviz shows"
    yield f"layer = {planned.kind.class_name}()"
    if any(isinstance(each, Norm) and each.input == (1, 1) for each in planned.operations):
        yield "layer.eval()  # a single value has no variance for batch norm to compute"
    if spec.weights == "classic":
        yield from _loading_lines(spec, planned)
    shape = ", ".join(map(str, (1, *planned.operations[0].input_shape)))
    yield f"y = layer(torch.randn({shape}))  # {(1, *planned.operations[-1].output_shape)}"


def _loading_lines(spec: LayerSpec, planned: Plan) -> Iterator[str]:
    """Comments that say where the classic filters are; as data they would be too long for source code."""
    key = f"{planned.operations[0].name}.weight"
    yield "# The layer now has PyTorch's initial weights. The classic filters that Sepviz shows"
    yield f"# are in this safetensors file, under keys such as {key}; to load it:"
    yield f"# /api/tensors?{spec.query()}"
    yield "# from safetensors.torch import load_file"
    yield '# tensors = load_file("tensors.safetensors")'
    if any(isinstance(each, Norm) for each in planned.operations):
        yield "# layer.load_state_dict(tensors, strict=False)  # batch norm keeps its initial values"
    else:
        yield "# layer.load_state_dict({name: tensors[name] for name in layer.state_dict()})"


def _format_call(function: str, arguments: list[str]) -> Iterator[str]:
    """A call in black's layout: on one line, else its arguments on one line, else one argument on each."""
    margin = function[: len(function) - len(function.lstrip())]
    joined = ", ".join(arguments)
    if len(f"{function}({joined})") <= MAX_LINE_LENGTH:
        yield f"{function}({joined})"
        return
    yield f"{function}("
    if len(f"{margin}    {joined}") <= MAX_LINE_LENGTH:
        yield f"{margin}    {joined}"
    else:
        yield from (f"{margin}    {argument}," for argument in arguments)
    yield f"{margin})"


def _attribute(operation: Operation) -> str:
    return operation.name.replace("-", "_")


def _is_symmetric(convolution: Convolution) -> bool:
    return all(before == after for before, after in convolution.padding)


def _format_pair(pair: Pair) -> str:
    rows, columns = pair
    return str(rows) if rows == columns else f"({rows}, {columns})"


def _format_count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
