"""The small curve beside the verdict: it goes through the ratios of real layers."""

import re

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from sepviz.figures.ratio_sketch import draw_ratio_sketch
from sepviz.layer.cost import separable_comparison
from sepviz.layer.spec import LayerSpec

from tests.support.layers import any_layers

POINT = re.compile(r"[ML]([\d.-]+) ([\d.-]+)")


def parts(drawing):
    """The points of the curve, the marked point, and the description."""
    root = fromstring(drawing)
    paths = [path.get("d") for path in root.iterfind(".//{*}path")]
    curve = max(paths, key=lambda d: d.count("L"))
    (mark,) = (d for d in paths if "a4 4" in d)
    left, y = map(float, POINT.match(mark).groups())
    return [tuple(map(float, each)) for each in POINT.findall(curve)], (left + 4, y), root.find("{*}desc").text


@settings(max_examples=40, deadline=None)
@given(any_layers(plain=False))
def test_description_has_the_ratio_of_the_verdict(spec):
    drawing = draw_ratio_sketch(spec)
    if not drawing:
        assert spec.kind == "spatially-separable"
        assert not spec.kernel_size.is_square
        return
    curve, here, words = parts(drawing)
    ratio = float(re.search(r"scales: ([\d.e+-]+) at", words)[1])
    assert ratio == pytest.approx(1 / separable_comparison(spec).macs_ratio, rel=0.006)
    assert curve[0][0] <= here[0] <= curve[-1][0] + 0.1
    for x, y in (*curve, here):
        assert 0 <= x <= 160
        assert 0 <= y <= 92


def test_marked_point_lies_on_the_curve():
    curve, (x, y), _ = parts(draw_ratio_sketch(LayerSpec(out_channels=100)))
    before = max(each for each in curve if each[0] <= x)
    after = min(each for each in curve if each[0] > x)
    assert after[1] - 0.2 <= y <= before[1] + 0.2
