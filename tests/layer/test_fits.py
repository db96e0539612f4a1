"""Each change that a refusal offers mends it, alone."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sepviz.errors import InvalidParameters
from sepviz.layer.budget import check_budget
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec, properties

WHOLE = {name: schema for name, schema in properties(LayerSpec).items() if "maximum" in schema}


def refusal(given):
    """What is refused of these parameters, and of the layer that they make."""
    try:
        spec = LayerSpec.parse(given.items())
        plan(spec)
        check_budget(spec)
    except InvalidParameters as error:
        return error.bad
    return ()


def mended(given, bad):
    return [refusal(given | {name: value}) for name, value in bad.fits]


@given(st.sampled_from(sorted(WHOLE)), st.booleans(), st.integers(1, 10**6))
def test_number_beyond_its_bounds_is_offered_the_bound(name, above, by):
    end = WHOLE[name]["maximum" if above else "minimum"]
    given_one = {name: str(end + by if above else end - by)}
    (bad,) = refusal(given_one)
    assert bad.fits == ((name, str(end)),)


@given(st.integers(2, 31), st.integers(1, 16), st.integers(8, 512), st.sampled_from(["valid", "0", "1", "5"]))
def test_kernel_larger_than_the_input_is_offered_values_that_fit(kernel, dilation, size, padding):
    given_layer = {
        "in_channels": "1",
        "out_channels": "1",
        "kernel_size": str(kernel),
        "dilation": str(dilation),
        "size": str(size),
        "padding": padding,
    }
    bad = refusal(given_layer)
    assume(bad)
    assert {name for name, _ in bad[0].fits} >= {"kernel_size", "size", "padding"}
    assert mended(given_layer, bad[0]) == [()] * len(bad[0].fits)
    assert all(f"{name}" in bad[0].allowed and value in bad[0].allowed for name, value in bad[0].fits)


@given(st.integers(1, 512), st.integers(1, 1024), st.integers(1, 31), st.integers(8, 512))
def test_layer_above_the_budget_is_offered_the_largest_size_that_fits(inputs, outputs, kernel, size):
    given_layer = {
        "kind": "standard",
        "in_channels": str(inputs),
        "out_channels": str(outputs),
        "kernel_size": str(kernel),
        "size": str(size),
    }
    bad = refusal(given_layer)
    assume(bad and bad[0].fits)
    ((name, value),) = bad[0].fits
    assert refusal(given_layer | {name: value}) == ()
    assert refusal(given_layer | {name: str(int(value) + 1)})


@given(
    st.integers(1, 4096),
    st.integers(1, 4096),
    st.tuples(st.integers(1, 31), st.integers(1, 31)),
    st.tuples(st.integers(1, 2048), st.integers(1, 2048)),
    st.sampled_from(["same", "valid", "0", "40"]),
)
def test_layer_of_two_sides_above_the_budget_is_offered_a_size_if_any_fits(inputs, outputs, kernel, size, padding):
    given_layer = {
        "kind": "standard",
        "in_channels": str(inputs),
        "out_channels": str(outputs),
        "kernel_size": "{}x{}".format(*kernel),
        "size": "{}x{}".format(*size),
        "padding": padding,
    }
    bad = refusal(given_layer)
    assume(bad and bad[0].parameter == "size")
    for name, value in bad[0].fits:
        assert refusal(given_layer | {name: value}) == ()
    if not bad[0].fits:
        around = 2 * int(padding) if padding.isdigit() else 0
        smallest = (1, 1) if padding == "same" else (max(1, each - around) for each in kernel)
        assert refusal(given_layer | {"size": "{}x{}".format(*smallest)}) != ()


@pytest.mark.parametrize("size", ["1x2048", "2048x1"])
def test_row_of_cells_above_the_budget_is_offered_a_shorter_one(size):
    (bad,) = refusal(
        {"kind": "standard", "in_channels": "256", "out_channels": "256", "kernel_size": "5", "size": size}
    )
    ((name, value),) = bad.fits
    assert name == "size"
    assert 1 < max(map(int, value.split("x"))) < 2048


def test_illegal_combination_is_offered_its_only_legal_value():
    (bad,) = refusal({"kind": "spatially-separable", "in_channels": "5", "out_channels": "7"})
    assert bad.fits == (("out_channels", "5"),)
    (bad,) = refusal({"kind": "spatially-separable", "depth_multiplier": "2"})
    assert bad.fits == (("depth_multiplier", "1"),)
