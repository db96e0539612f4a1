"""Legal layers for hypothesis, and the plainest way to carry a small one out."""

import numpy as np
from hypothesis import strategies as st
from sepviz.errors import InvalidParameters
from sepviz.layer.shapes import plan
from sepviz.layer.spec import GENERATED, KINDS, LayerSpec

PADDINGS = st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 3))


@st.composite
def layers(draw, kinds=KINDS, **fixed):
    """Layers whose loops in Python are short; `fixed` parameters are as given."""
    parameters = {
        "kind": draw(st.sampled_from(kinds)),
        "in_channels": draw(st.integers(1, 4)),
        "kernel_size": draw(st.integers(1, 6)),
        "stride": draw(st.integers(1, 4)),
        "padding": draw(PADDINGS),
        "dilation": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "size": draw(st.integers(8, 12)),
        "input": draw(st.sampled_from(GENERATED)),
        "weights": draw(st.sampled_from(["classic", "random"])),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }
    if parameters["kind"] != "spatially-separable":
        parameters["out_channels"] = draw(st.integers(1, 6))
        parameters["depth_multiplier"] = draw(st.integers(1, 3))
    return _fitting(LayerSpec(**{**parameters, **fixed}))


@st.composite
def any_layers(draw):
    """Whatever is legal, small layers and those at the ends of the limits alike."""
    parameters = {
        "kind": draw(st.sampled_from(KINDS)),
        "in_channels": draw(st.integers(1, 8) | st.integers(1, 512)),
        "kernel_size": draw(st.integers(1, 7) | st.integers(1, 31)),
        "stride": draw(st.integers(1, 8)),
        "padding": draw(st.sampled_from(["same", "valid"]) | st.integers(0, 64)),
        "dilation": draw(st.integers(1, 16)),
        "bias": draw(st.booleans()),
        "size": draw(st.integers(8, 512)),
    }
    if parameters["kind"] != "spatially-separable":
        parameters["out_channels"] = draw(st.integers(1, 12) | st.integers(1, 1024))
        parameters["depth_multiplier"] = draw(st.integers(1, 8))
    return _fitting(LayerSpec(**parameters))


def _fitting(spec):
    """The layer; with other padding where its kernel would not fit on its input."""
    try:
        plan(spec)
    except InvalidParameters:
        return spec.replace(padding="same")
    return spec


def sides(spec, size):
    """Cells of padding before and after along an axis, from the definition alone."""
    if spec.padding == "valid":
        return 0, 0
    if spec.padding != "same":
        return spec.padding, spec.padding
    reach = (spec.kernel_size - 1) * spec.dilation + 1
    over = size % spec.stride
    total = max(reach - (over or spec.stride), 0)
    return total // 2, total - total // 2


def steps(spec):
    """Of each stage, from the spec alone: name, groups, step, distance and padding along rows and columns."""
    s, d, m = spec.stride, spec.dilation, spec.in_channels
    around, none = sides(spec, spec.size), (0, 0)
    return {
        "standard": [("standard", 1, (s, s), (d, d), (around, around))],
        "depthwise-separable": [
            ("depthwise", m, (s, s), (d, d), (around, around)),
            ("pointwise", 1, (1, 1), (1, 1), (none, none)),
        ],
        "spatially-separable": [
            ("vertical", m, (s, 1), (d, 1), (around, none)),
            ("horizontal", m, (1, s), (1, d), (none, around)),
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
