"""The generated source runs, and its module agrees with the plan, the costs and plain loops."""

import subprocess
import sys
from math import erf, gcd
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from sepviz.codegen.pytorch import FRAMEWORKS, generate
from sepviz.errors import InvalidParameters, UnknownName
from sepviz.layer.cost import compare
from sepviz.layer.operations import Norm
from sepviz.layer.plan import plan
from sepviz.layer.spec import KINDS, LayerSpec
from sepviz.tensors.weights import kernels

CLASSES = {
    "depthwise-separable": "SeparableConv2d",
    "spatially-separable": "SpatiallySeparableConv2d",
    "standard": "StandardConv2d",
}


OPERATIONS = ("norm", "relu", "relu6", "silu", "hard-swish", "gelu")
FUNCTIONS = {
    "norm": lambda x: (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "hard-swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "gelu": lambda x: x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2,
}


def sides_of(low, high):
    """Height and width, mostly unequal."""
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def layers(draw):
    """Small legal layers of every kind, with each form of padding, groups and operations after the stages."""
    operations = st.lists(st.sampled_from(OPERATIONS), unique=True, max_size=2)
    parameters = {
        "kind": draw(st.sampled_from(KINDS)),
        "in_channels": draw(st.integers(1, 4)),
        "kernel_size": draw(sides_of(1, 5)),
        "stride": draw(st.integers(1, 4)),
        "padding": draw(st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 3))),
        "dilation": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "size": draw(sides_of(8, 12)),
        "after": ",".join(draw(operations)) or "none",
        "weights": draw(st.sampled_from(["classic", "random"])),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }
    if parameters["kind"] != "spatially-separable":
        parameters["out_channels"] = draw(st.integers(1, 5))
        parameters["depth_multiplier"] = draw(st.integers(1, 3))
    if parameters["kind"] == "standard":
        common = gcd(parameters["in_channels"], parameters["out_channels"])
        parameters["groups"] = draw(st.sampled_from([each for each in range(1, common + 1) if common % each == 0]))
    else:
        parameters["between"] = ",".join(draw(operations)) or "none"
    try:
        spec = LayerSpec(**parameters)
        plan(spec)
    except InvalidParameters:
        return LayerSpec(**{**parameters, "padding": "same"})
    return spec


def run(source):
    """The variables of the source after it has run."""
    names = {"__name__": "snippet"}
    exec(compile(source, "snippet.py", "exec"), names)  # noqa: S102 - the source is what is tested
    return SimpleNamespace(**names)


def correlate(x, weight, bias, groups, stride, dilation, padding):
    """One convolution in float64, a window at a time; `padding` is ((top, bottom), (left, right))."""
    x = np.pad(x, ((0, 0), *padding))
    outputs, per_group, rows, columns = weight.shape
    height = (x.shape[1] - dilation[0] * (rows - 1) - 1) // stride[0] + 1
    width = (x.shape[2] - dilation[1] * (columns - 1) - 1) // stride[1] + 1
    y = np.zeros((outputs, height, width))
    for n in range(outputs):
        first = n // (outputs // groups) * per_group
        for i in range(height):
            for j in range(width):
                top, left = i * stride[0], j * stride[1]
                bottom, right = top + dilation[0] * (rows - 1) + 1, left + dilation[1] * (columns - 1) + 1
                window = x[first : first + per_group, top : bottom : dilation[0], left : right : dilation[1]]
                y[n, i, j] = (window * weight[n]).sum() + (0 if bias is None else bias[n])
    return y


def padding_along(spec, axis):
    """Padding before and after along an axis on which the kernel is larger than 1."""
    size, kernel = spec.size[axis], spec.kernel_size[axis]
    if spec.padding == "same":
        outputs = (size + spec.stride - 1) // spec.stride
        total = max(0, (outputs - 1) * spec.stride + (kernel - 1) * spec.dilation + 1 - size)
        return total // 2, (total + 1) // 2
    return (0, 0) if spec.padding == "valid" else (spec.padding, spec.padding)


def expected(spec, layer, x):
    """The layer's output, computed from its weights and the spec alone."""
    s, d, m = spec.stride, spec.dilation, spec.in_channels
    down, across = padding_along(spec, 0), padding_along(spec, 1)
    stages = {
        "depthwise-separable": (
            ("depthwise", m, (s, s), (d, d), (down, across)),
            ("pointwise", 1, (1, 1), (1, 1), ((0, 0), (0, 0))),
        ),
        "spatially-separable": (
            ("vertical", m, (s, 1), (d, 1), (down, (0, 0))),
            ("horizontal", m, (1, s), (1, d), ((0, 0), across)),
        ),
        "standard": (("standard", spec.groups, (s, s), (d, d), (down, across)),),
    }
    for name, *rest in stages[spec.kind]:
        module = getattr(layer, name)
        bias = None if module.bias is None else module.bias.detach().numpy()
        x = correlate(x, module.weight.detach().numpy(), bias, *rest)
        for operation in spec.after if name == stages[spec.kind][-1][0] else spec.between:
            x = FUNCTIONS[operation](x)
    return x


@settings(deadline=None, max_examples=150)
@given(layers())
def test_generated_module_computes_layer_of_plain_loops(spec):
    # Of a single value torch computes no statistics: there the module runs in eval mode, and Sepviz shows 0.
    assume(not any(isinstance(each, Norm) and each.input == (1, 1) for each in plan(spec).operations))
    source = run(generate(spec))
    layer = source.layer
    assert isinstance(layer, getattr(source, CLASSES[spec.kind]))
    assert tuple(source.y.shape) == (1, *plan(spec).convolutions[-1].output_shape)
    weights = {f"{shape.name}.weight": shape.weight_shape for shape in plan(spec).convolutions}
    biases = {f"{shape.name}.bias": (shape.out_channels,) for shape in plan(spec).convolutions} if spec.bias else {}
    state = {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items() if "_norm." not in name}
    assert state == weights | biases
    assert sum(parameter.numel() for parameter in layer.parameters()) == compare(spec).layer.params

    layer = layer.double()
    x = np.random.default_rng(0).standard_normal(plan(spec).convolutions[0].input_shape)
    output = layer(torch.from_numpy(x)[None])[0].detach().numpy()
    np.testing.assert_allclose(output, expected(spec, layer, x), rtol=0, atol=1e-11)


@settings(deadline=None, max_examples=50)
@given(layers())
def test_random_weights_equal_seeded_modules_and_shown_kernels(spec):
    spec = spec.replace(weights="random")
    torch.manual_seed(spec.seed)
    stages = [
        torch.nn.Conv2d(s.in_channels, s.out_channels, s.kernel, groups=s.groups, bias=spec.bias)
        for s in plan(spec).convolutions
    ]
    wanted = {
        f"{s.name}.{n}": p
        for s, stage in zip(plan(spec).convolutions, stages, strict=True)
        for n, p in stage.named_parameters()
    }
    torch.manual_seed(spec.seed + 1)
    found = run(generate(spec)).layer.state_dict()
    assert {name for name in found if "_norm." not in name} == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    for name, kernel in kernels(
        spec, {shape.name: range(shape.out_channels) for shape in plan(spec).convolutions}
    ).items():
        assert torch.equal(found[f"{name}.weight"], kernel.weight)
        assert (found.get(f"{name}.bias") is None) == (kernel.bias is None)
        assert kernel.bias is None or torch.equal(found[f"{name}.bias"], kernel.bias)


@settings(deadline=None, max_examples=100)
@given(layers())
def test_layer_parsed_from_its_query_gives_same_source(spec):
    assert generate(spec) == generate(LayerSpec.parse(spec.parameters().items()), "pytorch")


@settings(deadline=None, max_examples=100)
@given(layers())
def test_source_comments_state_cost_of_each_stage(spec):
    lines = generate(spec).splitlines()
    for stage in compare(spec).layer.stages:
        comment = lines[next(i for i, line in enumerate(lines) if f"# {stage.name.capitalize()}: " in line) + 1]
        macs, params = f"{stage.macs.value:,} MAC", f"{stage.params:,} param"
        assert comment.strip().startswith(f"# {macs}")
        assert params in comment


def test_source_of_mobilenet_layer_is_as_written_here():
    spec = LayerSpec(in_channels=64, out_channels=128, size=112, weights="random", seed=7)
    assert (
        generate(spec)
        == '''\
import torch
from torch import nn


class SeparableConv2d(nn.Module):
    """A depthwise separable convolution: 64 to 128 channels."""

    def __init__(self) -> None:
        super().__init__()
        # Depthwise: each channel is filtered on its own, nothing is mixed.
        # 7,225,344 MACs, 576 params
        self.depthwise = nn.Conv2d(
            64, 64, kernel_size=3, padding=1, groups=64, bias=False
        )
        # Pointwise: a 1x1 convolution mixes the channels, cell by cell.
        # 102,760,448 MACs, 8,192 params
        self.pointwise = nn.Conv2d(64, 128, kernel_size=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.depthwise(x)
        return self.pointwise(x)


torch.manual_seed(7)  # the same weights as Sepviz shows
layer = SeparableConv2d()
y = layer(torch.randn(1, 64, 112, 112))  # (1, 128, 112, 112)
'''
    )


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"padding": "same"}, "Conv2d(3, 3, kernel_size=3, padding=1, groups=3, bias=False)"),
        ({"padding": "valid"}, "Conv2d(3, 3, kernel_size=3, groups=3, bias=False)"),
        ({"padding": 2}, "Conv2d(3, 3, kernel_size=3, padding=2, groups=3, bias=False)"),
        ({"stride": 2}, "nn.ZeroPad2d((0, 1, 0, 1))"),
        ({"stride": 2, "kind": "spatially-separable"}, "self.vertical_pad = nn.ZeroPad2d((0, 0, 0, 1))"),
        ({"stride": 2, "kind": "spatially-separable"}, "self.horizontal_pad = nn.ZeroPad2d((0, 1, 0, 0))"),
        ({"in_channels": 1, "kernel_size": 1}, "Conv2d(1, 1, kernel_size=1, groups=1, bias=False)"),
        ({"kind": "standard", "bias": True}, "Conv2d(3, 8, kernel_size=3, padding=1, bias=True)"),
        ({"depth_multiplier": 4}, "    3, 12, kernel_size=3, padding=1, groups=3, bias=False\n"),
        (
            {"kind": "standard", "in_channels": 4, "groups": 2},
            "Conv2d(4, 8, kernel_size=3, padding=1, groups=2, bias=False)",
        ),
        ({"kernel_size": (1, 7), "padding": "valid"}, "Conv2d(3, 3, kernel_size=(1, 7), groups=3, bias=False)"),
    ],
)
def test_conv2d_has_expected_arguments(parameters, wanted):
    assert wanted in generate(LayerSpec(**parameters))


@pytest.mark.parametrize("after", ["none", "norm,relu"])
def test_commented_lines_for_classic_weights_load_them(tmp_path, monkeypatch, after):
    spec = LayerSpec(size=8, bias=True, after=after)
    source = generate(spec)
    assert f"# /api/tensors?{spec.query()}\n" in source
    assert "manual_seed" not in source
    start = source.index("# from safetensors")
    loading = source[start:].replace("# ", "", 3)
    state = run(source).layer.state_dict()
    stored = {name: torch.rand_like(tensor) for name, tensor in state.items() if "_norm." not in name}
    save_file({**stored, "input": torch.zeros(3, 8, 8)}, tmp_path / "tensors.safetensors")
    monkeypatch.chdir(tmp_path)
    found = run(source[:start] + loading).layer.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in stored.items())


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"stride": 2, "bias": True, "weights": "random"},
        {"kind": "spatially-separable", "stride": 2, "in_channels": 512, "size": 512, "dilation": 16},
        {"kind": "standard", "kernel_size": 31, "in_channels": 512, "out_channels": 1024},
        {"kernel_size": 31, "dilation": 16, "stride": 2, "in_channels": 512, "depth_multiplier": 8, "size": 512},
        {"in_channels": 512, "kernel_size": 31, "dilation": 16, "stride": 3, "padding": 64, "size": 512},
        {"in_channels": 64, "kernel_size": 7, "weights": "random", "seed": 2**32 - 1},
        {"between": "norm,relu6", "after": "norm,hard-swish"},
        {"kind": "standard", "in_channels": 4096, "out_channels": 4096, "groups": 2048},
    ],
)
def test_source_is_formatted_as_by_black(parameters):
    source = generate(LayerSpec(**parameters))
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "88", "-"]
    assert subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout == source
    assert all(len(line) <= 88 or "/api/tensors?" in line for line in source.splitlines())


def test_unknown_framework_raises_with_known_names():
    with pytest.raises(UnknownName, match="there is no framework named keras; there are: pytorch"):
        generate(LayerSpec(), "keras")
    assert FRAMEWORKS == ("pytorch",)


def test_layer_with_empty_output_raises():
    with pytest.raises(InvalidParameters, match="kernel_size=31"):
        generate(LayerSpec(kernel_size=31, size=8, padding="valid"))


def test_batch_norm_of_single_value_runs_in_eval_mode():
    source = run(generate(LayerSpec(size=1, after="norm")))
    assert not source.layer.training
    assert source.y.shape == (1, 8, 1, 1)
