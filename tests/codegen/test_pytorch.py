"""The generated source is run, and its layer held against the plan, the costs and plain loops."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from sepviz.codegen.pytorch import FRAMEWORKS, generate
from sepviz.errors import InvalidParameters, UnknownName
from sepviz.layer.cost import compare
from sepviz.layer.plan import plan
from sepviz.layer.spec import KINDS, LayerSpec
from sepviz.tensors.weights import kernels

CLASSES = {
    "depthwise-separable": "SeparableConv2d",
    "spatially-separable": "SpatiallySeparableConv2d",
    "standard": "StandardConv2d",
}


@st.composite
def layers(draw):
    """Small legal layers of every kind, with each form of padding."""
    parameters = {
        "kind": draw(st.sampled_from(KINDS)),
        "in_channels": draw(st.integers(1, 4)),
        "kernel_size": draw(st.integers(1, 5)),
        "stride": draw(st.integers(1, 4)),
        "padding": draw(st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 3))),
        "dilation": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "size": draw(st.integers(8, 12)),
        "weights": draw(st.sampled_from(["classic", "random"])),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }
    if parameters["kind"] != "spatially-separable":
        parameters["out_channels"] = draw(st.integers(1, 5))
        parameters["depth_multiplier"] = draw(st.integers(1, 3))
    try:
        spec = LayerSpec(**parameters)
        plan(spec)
    except InvalidParameters:
        return LayerSpec(**{**parameters, "padding": "same"})
    return spec


def run(source):
    """The names that the source leaves behind."""
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


def sides(spec, axis):
    """Cells before and after along an axis that the kernel reaches along."""
    size, kernel = spec.size[axis], spec.kernel_size[axis]
    if spec.padding == "same":
        outputs = (size + spec.stride - 1) // spec.stride
        total = max(0, (outputs - 1) * spec.stride + (kernel - 1) * spec.dilation + 1 - size)
        return total // 2, (total + 1) // 2
    return (0, 0) if spec.padding == "valid" else (spec.padding, spec.padding)


def expected(spec, layer, x):
    """The layer's output from its weights and the spec alone, and not from how its modules are set up."""
    s, d, m = spec.stride, spec.dilation, spec.in_channels
    down, across = sides(spec, 0), sides(spec, 1)
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
    return x


@settings(deadline=None, max_examples=150)
@given(layers())
def test_the_source_computes_the_layer(spec):
    made = run(generate(spec))
    layer = made.layer
    assert isinstance(layer, getattr(made, CLASSES[spec.kind]))
    assert tuple(made.y.shape) == (1, *plan(spec).convolutions[-1].output_shape)
    weights = {f"{shape.name}.weight": shape.weight_shape for shape in plan(spec).convolutions}
    biases = {f"{shape.name}.bias": (shape.out_channels,) for shape in plan(spec).convolutions} if spec.bias else {}
    assert {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items()} == weights | biases
    assert sum(parameter.numel() for parameter in layer.parameters()) == compare(spec).layer.params

    layer = layer.double()
    x = np.random.default_rng(0).standard_normal(plan(spec).convolutions[0].input_shape)
    given_back = layer(torch.from_numpy(x)[None])[0].detach().numpy()
    np.testing.assert_allclose(given_back, expected(spec, layer, x), rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(layers())
def test_random_weights_are_those_of_a_seeded_construction_and_those_shown(spec):
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
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    for name, kernel in kernels(
        spec, {shape.name: range(shape.out_channels) for shape in plan(spec).convolutions}
    ).items():
        assert torch.equal(found[f"{name}.weight"], kernel.weight)
        assert (found.get(f"{name}.bias") is None) == (kernel.bias is None)
        assert kernel.bias is None or torch.equal(found[f"{name}.bias"], kernel.bias)


@settings(deadline=None, max_examples=100)
@given(layers())
def test_the_same_layer_gives_the_same_source(spec):
    assert generate(spec) == generate(LayerSpec.parse(spec.parameters().items()), "pytorch")


@settings(deadline=None, max_examples=100)
@given(layers())
def test_every_stage_is_told_its_cost(spec):
    lines = generate(spec).splitlines()
    for stage in compare(spec).layer.stages:
        comment = lines[next(i for i, line in enumerate(lines) if f"# {stage.name.capitalize()}: " in line) + 1]
        macs, params = f"{stage.macs.value:,} MAC", f"{stage.params:,} param"
        assert comment.strip().startswith(f"# {macs}")
        assert params in comment


def test_a_layer_as_a_reader_sees_it():
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
    ],
)
def test_arguments(parameters, wanted):
    assert wanted in generate(LayerSpec(**parameters))


def test_the_lines_for_classic_weights_load_them(tmp_path, monkeypatch):
    spec = LayerSpec(size=8, bias=True)
    source = generate(spec)
    assert f"# /api/tensors?{spec.query()}\n" in source
    assert "manual_seed" not in source
    start = source.index("# from safetensors")
    loading = source[start:].replace("# ", "", 3)
    given_weights = {name: torch.rand_like(tensor) for name, tensor in run(source).layer.state_dict().items()}
    save_file({**given_weights, "input": torch.zeros(3, 8, 8)}, tmp_path / "tensors.safetensors")
    monkeypatch.chdir(tmp_path)
    found = run(source[:start] + loading).layer.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in given_weights.items())


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
    ],
)
def test_black_would_change_nothing_and_lines_fit(parameters):
    source = generate(LayerSpec(**parameters))
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "88", "-"]
    assert subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout == source
    assert all(len(line) <= 88 or "/api/tensors?" in line for line in source.splitlines())


def test_an_unknown_framework_is_refused_by_name():
    with pytest.raises(UnknownName, match="there is no framework named keras; there are: pytorch"):
        generate(LayerSpec(), "keras")
    assert FRAMEWORKS == ("pytorch",)


def test_a_layer_with_an_empty_output_is_refused():
    with pytest.raises(InvalidParameters, match="kernel_size=31"):
        generate(LayerSpec(kernel_size=31, size=8, padding="valid"))
