"""Layers at random: legal ones have torch's own shapes and counts, illegal ones never reach torch."""

import random
from collections.abc import Iterator
from math import prod
from typing import Any

import torch
from sepviz.errors import InvalidParameters
from sepviz.layer.cost import compare
from sepviz.layer.plan import plan
from sepviz.layer.spec import GENERATED, KINDS, LayerSpec
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import conv_flop_count

from tests.soak.verdict import faultless
from tests.support.layers import steps
from tests.support.table import Row

LAYERS = 10_000
MOST = {"in_channels": 512, "out_channels": 1024, "kernel_size": 31, "stride": 8, "dilation": 16, "depth_multiplier": 8}
WIDE = ("0", "-1", str(2**31), str(2**62), "9" * 30, "1e3", "3.0", "true", "", "NaN", "Infinity", "3_0")


def parameters(rng: random.Random) -> dict[str, Any]:
    """Every one within its own bounds; together they may not fit."""
    spatial = (kind := rng.choice(KINDS)) == "spatially-separable"
    found = {name: rng.choice((1, 2, 3, rng.randint(1, most), most)) for name, most in MOST.items()}
    found |= {"kind": kind, "size": rng.choice((8, 9, rng.randint(8, 512), 512)), "bias": rng.choice(("true", "false"))}
    found |= {"padding": rng.choice(("same", "valid", rng.randint(0, 64)))}
    return {
        name: value for name, value in found.items() if not (spatial and name in ("out_channels", "depth_multiplier"))
    }


def fits(given: dict[str, Any]) -> bool:
    """The formula of `nn.Conv2d`'s documentation: is there a cell of output?"""
    if given["padding"] == "same":
        return True
    around = given["padding"] if isinstance(given["padding"], int) else 0
    return given["size"] + 2 * around - given["dilation"] * (given["kernel_size"] - 1) - 1 >= 0


def parsed(given: dict[str, Any]) -> LayerSpec:
    return LayerSpec.parse((name, str(value)) for name, value in given.items())


def modules(spec: LayerSpec) -> Iterator[tuple[str, nn.Module, nn.Conv2d]]:
    """Of each stage its padding and its convolution, made from the spec alone; they have no numbers."""
    many = {
        "standard": [(spec.in_channels, spec.out_channels, spec.kernel_size)],
        "depthwise-separable": [
            (spec.in_channels, spec.in_channels * spec.depth_multiplier, spec.kernel_size),
            (spec.in_channels * spec.depth_multiplier, spec.out_channels, (1, 1)),
        ],
        "spatially-separable": [
            (spec.in_channels, spec.in_channels, (spec.kernel_size.height, 1)),
            (spec.in_channels, spec.in_channels, (1, spec.kernel_size.width)),
        ],
    }[spec.kind]
    for (channels, outputs, kernel), (name, groups, stride, dilation, (rows, columns)) in zip(
        many, steps(spec), strict=True
    ):
        made = nn.Conv2d(channels, outputs, kernel, stride, 0, dilation, groups, spec.bias, device="meta")
        yield name, nn.ZeroPad2d((*columns, *rows)), made


def compared(spec: LayerSpec) -> Iterator[str]:
    """Where the project and torch do not say the same."""
    maps = torch.empty(1, spec.in_channels, *spec.size, device="meta")
    costs = compare(spec)
    for (name, pad, convolution), shape, cost in zip(
        modules(spec), plan(spec).convolutions, costs.layer.stages, strict=True
    ):
        padded = pad(maps)
        maps = convolution(padded)
        weight = tuple(convolution.weight.shape)
        # torch's own counter, which counts a multiply and an add as two.
        flops = conv_flop_count(list(padded.shape), list(weight), list(maps.shape))
        pairs = {
            "name": (shape.name, name),
            "output": (shape.output_shape, tuple(maps.shape[1:])),
            "weight": (shape.weight_shape, weight),
            "params": (cost.params, sum(each.numel() for each in convolution.parameters())),
            "MACs": (cost.macs.value, flops // 2),
        }
        yield from (f"{spec.query()}: {what} of {name}: {a} and {b}" for what, (a, b) in pairs.items() if a != b)
    mixed = 1 if spec.kind == "spatially-separable" else spec.in_channels
    whole = prod(maps.shape[1:]) * spec.kernel_size.area * mixed
    if costs.baseline.macs != whole:
        yield f"{spec.query()}: MACs of what it replaces: {costs.baseline.macs} and {whole}"


def legal(count: int, seed: int = 1) -> list[str]:
    """So many legal layers beside torch."""
    rng, faults, left = random.Random(seed), [], count
    while left:
        if not fits(given := parameters(rng)):
            continue
        left -= 1
        try:
            faults += compared(parsed(given))
        except InvalidParameters as error:
            faults.append(f"{given}: refused, though it fits: {error}")
    return faults


class Untouched(TorchDispatchMode):
    """Whoever calls torch inside it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.called.append(str(func))
        return func(*args, **(kwargs or {}))


def illegal(count: int, seed: int = 2) -> list[str]:
    """So many layers that torch would refuse, or that are out of bounds: none of them gets as far as torch."""
    rng, faults, left = random.Random(seed), [], count
    inputs = Inputs()
    while left:
        given = parameters(rng) | {"input": rng.choice(GENERATED)}
        if rng.random() < 0.5:
            given[rng.choice([*MOST, "size"])] = rng.choice(WIDE)
        elif fits(given):
            continue
        elif _torch_takes(given):
            faults.append(f"{given}: torch takes it")
        left -= 1
        with Untouched() as torch_:
            try:
                run(parsed(given), inputs)
                faults.append(f"{given}: carried out")
            except InvalidParameters:
                pass
        faults += [f"{given}: {torch_.called[0]} was called"] if torch_.called else []
    return faults


def _torch_takes(given: dict[str, Any]) -> bool:
    """The first stage as torch sees it; said by torch itself, without numbers."""
    around = given["padding"] if isinstance(given["padding"], int) else 0
    kernel, stride, dilation = given["kernel_size"], given["stride"], given["dilation"]
    try:
        nn.Conv2d(1, 1, kernel, stride, around, dilation, device="meta")(
            torch.empty(1, 1, given["size"], given["size"], device="meta")
        )
    except RuntimeError:
        return False
    return True


def rows() -> Iterator[Row]:
    yield from faultless(f"mathematics: {LAYERS:,} legal layers", legal(LAYERS))
    yield from faultless(f"  {LAYERS:,} illegal ones", illegal(LAYERS))
