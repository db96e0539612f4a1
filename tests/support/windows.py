"""The cells that feed each other in generated layers; `tests/support/windows.json` holds them for tests in JavaScript.

`python -m tests.support.windows` writes the file.
"""

import json
from math import gcd
from pathlib import Path
from random import Random

from sepviz.errors import InvalidParameters
from sepviz.layer.cell import Cell, default_cell, feeding_cells
from sepviz.layer.plan import plan
from sepviz.layer.spec import KINDS, LayerSpec
from sepviz.web.map_columns import describe_operation

PATH = Path(__file__).with_suffix(".json")
LAYERS, CELLS = 60, 4
FOLLOWERS = ("none", "relu", "norm,relu6")


def text():
    """The content of the file."""
    random = Random(13)  # noqa: S311 - no secret
    entries = []
    while len(entries) < LAYERS:
        spec = _layer(random)
        try:
            planned = plan(spec)
        except InvalidParameters:
            continue
        entries.append(
            {
                "query": spec.query(),
                "operations": [describe_operation(each) for each in planned.operations],
                "default": default_cell(planned).text,
                "cells": [_feeding(planned, _cell(random, planned)) for _ in range(CELLS)],
                "outputs": [_output(random, planned.operations[0]) for _ in range(CELLS)],
            }
        )
    return "[\n" + ",\n".join(json.dumps(each, separators=(",", ":")) for each in entries) + "\n]\n"


def read():
    return json.loads(PATH.read_text())


def _layer(random):
    kind, channels = random.choice(KINDS), random.randint(1, 6)
    parameters = {
        "kind": kind,
        "in_channels": channels,
        "kernel_size": (random.randint(1, 5), random.randint(1, 5)),
        "stride": random.randint(1, 3),
        "padding": random.choice(["same", "valid", 0, 1, 3]),
        "dilation": random.randint(1, 3),
        "size": (random.randint(1, 14), random.randint(1, 14)),
        "after": random.choice(FOLLOWERS),
    }
    if kind != "spatially-separable":
        parameters |= {"out_channels": random.randint(1, 6), "depth_multiplier": random.randint(1, 3)}
    if kind != "standard":
        parameters["between"] = random.choice(FOLLOWERS)
    else:
        common = gcd(channels, parameters["out_channels"])
        parameters["groups"] = random.choice([each for each in range(1, common + 1) if common % each == 0])
    return LayerSpec.parse((name, _text(value)) for name, value in parameters.items())


def _text(value):
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _cell(random, planned):
    operation = random.choice(planned.operations)
    height, width = operation.output
    channel = random.randrange(operation.out_channels)
    return Cell(operation.name, channel, random.randrange(height), random.randrange(width))


def _feeding(planned, cell):
    cells = feeding_cells(planned, cell)
    return {
        "cell": cell.text,
        "feeding": [[each.stage, each.channels.start, each.channels.stop, each.rows, each.columns] for each in cells],
    }


def _output(random, operation):
    """A cell of the input, and the output whose window is centred on it, found by looking at all of them."""
    place = [random.randrange(operation.input[axis]) for axis in (0, 1)]
    channel = random.randrange(operation.in_channels)
    centred = [
        min(range(operation.output[axis]), key=lambda out: abs(_twice_centre(operation.reach(axis, out)) - 2 * at))
        for axis, at in enumerate(place)
    ]
    fed = next(
        out for out in range(operation.out_channels) if channel in operation.channels_feeding(range(out, out + 1))
    )
    return {"input": [channel, *place], "output": [fed, *centred]}


def _twice_centre(window):
    return window[0] + window[-1]


if __name__ == "__main__":
    PATH.write_text(text())
