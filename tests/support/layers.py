"""Legal layers for hypothesis, and the plainest way to carry a small one out."""

from math import gcd

import numpy as np
from hypothesis import strategies as st
from sepviz.errors import InvalidParameters
from sepviz.layer.plan import plan
from sepviz.layer.spec import GENERATED, KINDS, LayerSpec

PADDINGS = st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 3))


def squares(low, high):
    """As high as wide."""
    return st.integers(low, high).map(lambda cells: (cells, cells))


def sizes(low, high):
    """As high as wide, or not."""
    side = st.integers(low, high)
    return squares(low, high) | st.tuples(side, side)


@st.composite
def layers(draw, kinds=KINDS, plain=True, **fixed):
    """Layers whose loops in Python are short; `fixed` parameters are as given.

    Plain ones are square and have no groups.
    """
    pairs = squares if plain else sizes
    parameters = {
        "kind": draw(st.sampled_from(kinds)),
        "in_channels": draw(st.integers(1, 4)),
        "kernel_size": draw(pairs(1, 6)),
        "stride": draw(st.integers(1, 4)),
        "padding": draw(PADDINGS),
        "dilation": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "size": draw(pairs(8 if plain else 1, 12)),
        "input": draw(st.sampled_from(GENERATED)),
        "weights": draw(st.sampled_from(["classic", "random"])),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }
    if parameters["kind"] != "spatially-separable":
        parameters["out_channels"] = draw(st.integers(1, 6))
        parameters["depth_multiplier"] = draw(st.integers(1, 3))
    parameters |= fixed
    if not plain and parameters["kind"] == "standard" and "groups" not in fixed:
        common = gcd(parameters["in_channels"], parameters["out_channels"])
        parameters["groups"] = draw(st.sampled_from([each for each in range(1, common + 1) if common % each == 0]))
    return _fitting(LayerSpec(**parameters))


@st.composite
def any_layers(draw, plain=True):
    """Whatever is legal, small layers and those at the ends of the limits alike; plain ones are square."""
    pairs = squares if plain else sizes
    few, most, smallest, largest = (512, 8, 8, 512) if plain else (4096, 64, 1, 2048)
    parameters = {
        "kind": draw(st.sampled_from(KINDS)),
        "in_channels": draw(st.integers(1, 8) | st.integers(1, few)),
        "kernel_size": draw(pairs(1, 7) | pairs(1, 31)),
        "stride": draw(st.integers(1, 8 if plain else 32)),
        "padding": draw(st.sampled_from(["same", "valid"]) | st.integers(0, 64)),
        "dilation": draw(st.integers(1, 16 if plain else 64)),
        "bias": draw(st.booleans()),
        "size": draw(pairs(smallest, 12) | pairs(smallest, largest)),
    }
    if parameters["kind"] != "spatially-separable":
        parameters["out_channels"] = draw(st.integers(1, 12) | st.integers(1, min(2 * few, 4096)))
        parameters["depth_multiplier"] = draw(st.integers(1, most))
    return _fitting(LayerSpec(**parameters))


def _fitting(spec):
    """The layer; with other padding where its kernel would not fit on its input."""
    try:
        plan(spec)
    except InvalidParameters:
        return spec.replace(padding="same")
    return spec


def sides(spec, axis):
    """Cells of padding before and after along rows (0) or columns (1), from the definition alone."""
    if spec.padding == "valid":
        return 0, 0
    if spec.padding != "same":
        return spec.padding, spec.padding
    reach = (spec.kernel_size[axis] - 1) * spec.dilation + 1
    over = spec.size[axis] % spec.stride
    total = max(reach - (over or spec.stride), 0)
    return total // 2, total - total // 2


def steps(spec):
    """Of each stage, from the spec alone: name, groups, step, distance and padding along rows and columns."""
    s, d, m = spec.stride, spec.dilation, spec.in_channels
    down, across, none = sides(spec, 0), sides(spec, 1), (0, 0)
    return {
        "standard": [("standard", spec.groups, (s, s), (d, d), (down, across))],
        "depthwise-separable": [
            ("depthwise", m, (s, s), (d, d), (down, across)),
            ("pointwise", 1, (1, 1), (1, 1), (none, none)),
        ],
        "spatially-separable": [
            ("vertical", m, (s, 1), (d, 1), (down, none)),
            ("horizontal", m, (1, s), (1, d), (none, across)),
        ],
    }[spec.kind]


def correlated(maps, weight, bias, groups, stride, dilation, padding):
    """One convolution in float64, a multiplication at a time for each kernel cell and output cell."""
    height, width = maps.shape[1:]
    outputs, per_group, rows, columns = weight.shape
    (top, bottom), (left, right) = padding
    high = (height + top + bottom - dilation[0] * (rows - 1) - 1) // stride[0] + 1
    wide = (width + left + right - dilation[1] * (columns - 1) - 1) // stride[1] + 1
    made = np.zeros((outputs, high, wide))
    for n, i, j in np.ndindex(made.shape):
        first = n // (outputs // groups) * per_group
        total = 0.0 if bias is None else float(bias[n])
        for r, q in np.ndindex(rows, columns):
            y, x = i * stride[0] + r * dilation[0] - top, j * stride[1] + q * dilation[1] - left
            if 0 <= y < height and 0 <= x < width:
                total += float(maps[first : first + per_group, y, x] @ weight[n, :, r, q])
        made[n, i, j] = total
    return made
