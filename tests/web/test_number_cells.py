"""Numbers in lenses: their texts, and colours that equal those of the maps."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sepviz.palette import ANCHORS, colour_of
from sepviz.tensors.encoders.colormaps import table
from sepviz.web.number_cells import (
    cell_background,
    cell_style,
    common_decimals,
    format_decimals,
    format_percent,
    format_value,
)


@given(st.sampled_from(sorted(ANCHORS)), st.integers(0, 255))
def test_colour_of_a_value_is_the_entry_of_the_table(colormap, entry):
    expected = table(colormap)[entry].astype(int)
    found = bytes.fromhex(colour_of(entry, (0, 255), colormap)[1:])
    assert all(abs(part - wanted) <= 1 for part, wanted in zip(found, expected, strict=True))


@pytest.mark.parametrize("value", [-9.0, 9.0])
def test_value_beyond_the_domain_has_the_colour_of_its_end(value):
    assert colour_of(value, (-1, 1), "diverging") == ANCHORS["diverging"][0 if value < 0 else -1]


def test_only_value_of_a_domain_has_the_middle_colour():
    assert colour_of(0, (0, 0), "diverging") == ANCHORS["diverging"][4]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.36504, "0.365"), (-12.5, "−12.5"), (0, "0"), (1.2e-5, "1.20e−5"), (1234.5, "1.23e3"), (150, "150")],
)
def test_value_is_written_with_three_digits(value, text):
    assert format_value(value) == text


@pytest.mark.parametrize(("value", "text"), [(-0.456, "−0.46"), (-0.001, "0"), (2, "2.00")])
def test_value_is_written_with_decimals(value, text):
    assert format_decimals(value, 2) == text


def test_cell_has_a_colour_for_each_theme():
    style = cell_style(0, (-1, 1))
    assert ANCHORS["diverging"][4] in style
    assert ANCHORS["diverging-dark"][4] in style


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.45, "45 %"),
        (0.0312, "3.1 %"),
        (2e-8, "0 %"),
        (1, "100 %"),
        (0.99999, "99.9 %"),
        (0.9949, "99.5 %"),
        (1.53, "153 %"),
    ],
)
def test_share_is_written_in_percent(share, text):
    assert format_percent(share) == text


@pytest.mark.parametrize(
    ("values", "decimals"),
    [((0.365, -0.01), 3), ((12.5, 0.001), 1), ((-2, 0, 1), 0), ((), 0), ((0.00012,), 6), ((1234.5,), 0), ((1e-9,), 6)],
)
def test_numbers_that_are_compared_have_as_many_decimals_as_the_largest_needs(values, decimals):
    assert common_decimals(values) == decimals


@given(st.floats(-1, 1), st.sampled_from(["diverging", "grey"]))
def test_cell_without_a_number_has_nearly_the_colour_of_its_value(value, colormap):
    found = bytes.fromhex(re.search(r"\(#(\w+)", cell_background(value, (-1, 1), colormap))[1])
    expected = bytes.fromhex(colour_of(value, (-1, 1), colormap)[1:])
    assert all(abs(part - wanted) <= 2 for part, wanted in zip(found, expected, strict=True))
    assert ANCHORS["diverging"][4] in cell_background(0, (-1, 1))
