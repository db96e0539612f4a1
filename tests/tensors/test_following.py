"""Operations between and after the stages are those of `torch.nn`; grouped layers those of `nn.Conv2d`."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sepviz.layer.operations import FOLLOWERS, Convolution
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from torch import nn
from torch.nn import functional

from tests.support.layers import layers

INPUTS = Inputs()
MODULES = {
    "norm": nn.BatchNorm2d,
    "relu": lambda _: nn.ReLU(),
    "relu6": lambda _: nn.ReLU6(),
    "silu": lambda _: nn.SiLU(),
    "hard-swish": lambda _: nn.Hardswish(),
    "gelu": lambda _: nn.GELU(),
}
names = (
    st.lists(st.sampled_from(tuple(FOLLOWERS)), unique=True, max_size=3).map(",".join).map(lambda text: text or "none")
)


def expected(trace):
    """The maps of every operation by torch's own modules, from those that it read."""
    maps = {}
    for stage in trace.stages:
        operation, x = stage.operation, stage.source.values
        if isinstance(operation, Convolution):
            (top, bottom), (left, right) = operation.padding
            padded = functional.pad(x.contiguous(), (left, right, top, bottom))
            x = functional.conv2d(
                padded, stage.weight, stage.bias, operation.stride, 0, operation.dilation, operation.groups
            )
        elif x.shape[-2:] == (1, 1) and operation.name.endswith("-norm"):
            x = torch.zeros_like(x)  # torch refuses to normalise a single value
        else:
            x = MODULES[operation.name.split("-", 1)[1]](operation.channels).train()(x)
        maps[operation.name] = x
    return maps


@pytest.mark.parametrize("kind", ["depthwise-separable", "spatially-separable", "standard"])
@given(data=st.data())
@torch.inference_mode()
def test_map_of_every_operation_equals_that_of_torch_s_module(kind, data):
    between = {} if kind == "standard" else {"between": data.draw(names)}
    spec = data.draw(layers(kinds=(kind,), plain=False)).replace(after=data.draw(names), **between)
    trace = run(spec, INPUTS)
    assert [stage.name for stage in trace.stages] == [each.name for each in plan(spec).operations]
    for name, maps in expected(trace).items():
        # Of an almost constant map, the norm divides rounding errors by the root of 1e-5.
        torch.testing.assert_close(trace.stage(name).output.values, maps, rtol=1e-4, atol=1e-4)


@given(st.data(), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
@torch.inference_mode()
def test_run_of_a_grouped_layer_is_that_part_of_the_whole(data, groups, inputs, outputs, stride):
    spec = LayerSpec(
        kind="standard",
        in_channels=groups * inputs,
        out_channels=groups * outputs,
        groups=groups,
        stride=stride,
        size=9,
        weights=data.draw(st.sampled_from(["classic", "random"])),
    )
    trace = run(spec, INPUTS)
    whole = trace.stage("standard").output.values
    torch.testing.assert_close(whole, expected(trace)["standard"], rtol=1e-4, atol=1e-5)
    channel = data.draw(st.integers(0, spec.out_channels - 1))
    part = run(spec, INPUTS, Selection(("standard",), range(channel, channel + 1)))
    assert len(part.stages[0].source.channels) == inputs
    (maps,) = part.selected_maps().values()
    torch.testing.assert_close(maps.values[:, 0], whole[:, channel], rtol=1e-5, atol=1e-6)


def test_norm_of_one_cell_is_zero():
    spec = LayerSpec(size=1, input="gradient", padding="valid", kernel_size=1, after="norm")
    assert not run(spec, INPUTS).stages[-1].output.values.any()
