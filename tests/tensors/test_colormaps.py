"""Colour maps begin and end where they say, and zero is in the middle."""

from typing import get_args

import numpy as np
import pytest
from sepviz.palette import ANCHORS, COLOURS, DIVERGING, ColorMap
from sepviz.tensors.encoders.colormaps import entries, table


def rgb(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def brightness(colours):
    return colours.astype(float) @ (0.2126, 0.7152, 0.0722)


def test_every_map_has_its_anchors():
    assert set(get_args(ColorMap)) == ANCHORS.keys()
    assert set(DIVERGING) < ANCHORS.keys()


@pytest.mark.parametrize("name", ANCHORS)
def test_a_map_has_256_colours_from_the_first_anchor_to_the_last(name):
    colours = table(name)
    assert colours.shape == (256, 3)
    assert colours.dtype == np.uint8
    assert (colours[0].tolist(), colours[255].tolist()) == (rgb(ANCHORS[name][0]), rgb(ANCHORS[name][-1]))
    assert np.abs(np.diff(colours.astype(int), axis=0)).max() < 10
    for place, anchor in zip(np.linspace(0, 255, len(ANCHORS[name])), ANCHORS[name], strict=True):
        assert np.abs(colours[int(place)].astype(int) - rgb(anchor)).max() <= 5


@pytest.mark.parametrize("name", ["grey", "viridis"])
def test_sequential_maps_become_brighter(name):
    assert (np.diff(brightness(table(name))) >= 0).all()


@pytest.mark.parametrize(("name", "sign"), [("diverging", 1), ("diverging-dark", -1)])
def test_diverging_maps_turn_at_zero_from_blue_to_red(name, sign):
    # Neighbours may differ the other way by what rounding to bytes takes.
    light = sign * brightness(table(name))
    assert (np.diff(light[:128]) > -0.5).all()
    assert (np.diff(light[128:]) < 0.5).all()
    assert (table(name)[:112, 2] > table(name)[:112, 0]).all()
    assert (table(name)[144:, 0] > table(name)[144:, 2]).all()


@pytest.mark.parametrize("name", DIVERGING)
@pytest.mark.parametrize("limit", [1.0, 0.001, 12345.0])
def test_zero_has_the_colour_of_the_middle(name, limit):
    values = np.array([[-2 * limit, -limit, 0, limit, 2 * limit]], dtype=np.float32)
    first, low, zero, high, last = table(name)[entries(values, (-limit, limit), name)[0]].astype(int)
    middle = rgb(ANCHORS[name][4])
    assert np.abs(zero - middle).max() <= 2
    assert low.tolist() == first.tolist() == rgb(ANCHORS[name][0])
    assert high.tolist() == last.tolist() == rgb(ANCHORS[name][-1])


def test_zero_recedes_on_the_dark_page():
    assert ANCHORS["diverging-dark"][4] == COLOURS["paper"]["dark"]


def test_values_take_the_nearest_colour():
    values = np.linspace(-3, 5, 256, dtype=np.float32).reshape(16, 16)
    assert np.array_equal(table("grey")[entries(values, (-3, 5), "grey")][..., 0].ravel(), np.arange(256))


@pytest.mark.parametrize("name", ANCHORS)
def test_plane_with_equal_limits_has_one_colour(name):
    colours = table(name)[entries(np.full((2, 3), 7, dtype=np.float32), (7, 7), name)]
    assert colours.shape == (2, 3, 3)
    assert (colours == table(name)[128 if name in DIVERGING else 0]).all()
