"""A layer as a query string: what is read, what is refused and in which words, and what comes back."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from sepviz.errors import MAX_PRINTED, InvalidParameters, truncate_printable
from sepviz.layer.spec import GENERATED, KINDS, SAMPLES, LayerSpec, allowed, properties

from tests.support.layers import layers

WHOLE = {
    "in_channels": (1, 4096),
    "out_channels": (1, 4096),
    "kernel_size": (1, 31),
    "stride": (1, 32),
    "dilation": (1, 64),
    "depth_multiplier": (1, 64),
    "size": (1, 2048),
    "seed": (0, 2**32 - 1),
}
NOT_WHOLE = (
    "3.0", "3_0", "3e0", "0x3", "+3", "03", " 3", "3 ", "3\n", "true", "٣", "\uff13",
    "³", "-0", "", "NaN", "inf", "None",
    "-", str(2**62), str(-(2**62)), "1" + "0" * 5000, "-1" + "0" * 5000,
)  # fmt: skip


def refused(*pairs):
    with pytest.raises(InvalidParameters) as caught:
        LayerSpec.parse(pairs)
    return caught.value.bad


def attempted(name, value):
    """(spec, None), or (None, what was bad)."""
    try:
        return LayerSpec.parse([(name, value)]), None
    except InvalidParameters as error:
        return None, error.bad


def written(spec, name):
    """The parameter in the address; those that came later are left out where they are the default."""
    return spec.parameters().get(name, {"groups": "1", "between": "none", "after": "none"}.get(name))


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", NOT_WHOLE)
def test_number_that_is_not_plain_digits_is_refused_with_its_bounds(name, value):
    (bad,) = refused((name, value))
    low, high = WHOLE[name]
    assert bad.parameter == name
    assert bad.value == truncate_printable(value)
    assert bad.allowed.startswith(f"it must be a whole number from {low} to {high}")
    assert bad.why
    assert len(str(bad)) < 250


@pytest.mark.parametrize("name", WHOLE)
def test_values_at_the_bounds_are_accepted_and_beyond_them_refused(name):
    low, high = WHOLE[name]
    for value in (low, high):
        assert getattr(LayerSpec.parse([(name, str(value))]), name) == getattr(LayerSpec(**{name: value}), name)
    (small,), (large,) = refused((name, str(low - 1))), refused((name, str(high + 1)))
    assert (small.value, small.why) == (str(low - 1), "too small")
    assert (large.value, large.why) == (str(high + 1), "too large")
    assert f"from {low} to {high}" in small.allowed
    assert f"from {low} to {high}" in large.allowed


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        *(
            ("padding", each, "one of same, valid or a whole number from 0 to 64")
            for each in (*NOT_WHOLE, "Same", "65")
        ),
        ("padding", "-1", "from 0 to 64"),
        *(("bias", each, "true or false") for each in ("1", "0", "yes", "True", "FALSE", "on", "", "null")),
        *(("kind", each, ", ".join(KINDS)) for each in ("", "depthwise", "Standard", "standard ")),
        *(("weights", each, "one of classic, random") for each in ("", "zeros", "Random")),
        *(("input", each, ", ".join(GENERATED)) for each in ("", "cat", "Chelsea", "chelsea\n", "../chelsea")),
        *(("input", f"upload-{each}", "the id of an uploaded picture") for each in ("", "0" * 31, "0" * 33, "A" * 32)),
    ],
)
def test_other_values_are_refused_by_name_value_and_what_fits(name, value, fits):
    (bad,) = refused((name, value))
    assert (bad.parameter, bad.value) == (name, truncate_printable(value))
    assert fits in bad.allowed
    assert bad.why
    assert str(bad).startswith(f"{name}={truncate_printable(value)}: {bad.why}; ")


@pytest.mark.parametrize("name", ["kernel", "Size", "", "size ", "__class__", "batch" * 100, "si\x00ze"])
def test_unknown_parameter_is_refused_with_the_known_names(name):
    (bad,) = refused((name, "3"))
    assert (bad.parameter, bad.value, bad.why) == (truncate_printable(name), "3", "no such parameter")
    assert all(known in bad.allowed for known in LayerSpec.model_fields)


@pytest.mark.parametrize("second", ["3", "5", "x"])
def test_repeated_parameter_is_refused(second):
    (bad,) = refused(("size", "3"), ("stride", "1"), ("size", second))
    assert (bad.parameter, bad.value, bad.allowed) == ("size", second, "give it once")


def test_all_invalid_parameters_are_reported_at_once():
    bad = refused(("size", "x"), ("stride", "33"), ("colour", "red"))
    assert {each.parameter for each in bad} == {"size", "stride", "colour"}


@given(st.text(), st.text())
def test_arbitrary_text_is_parsed_or_refused_in_one_printable_line(name, value):
    spec, bad = attempted(name, value)
    if spec:
        assert written(spec, name) == value
    else:
        assert len(bad) == 1
        assert str(bad[0]).isprintable()


@pytest.mark.parametrize("name", LayerSpec.model_fields)
@given(value=st.one_of(st.text("0123456789-+_.e ٣ truefalsNn"), st.integers().map(str), st.floats().map(str)))
def test_accepted_text_is_written_back_unchanged(name, value):
    spec, bad = attempted(name, value)
    if spec:
        assert written(spec, name) == value
    else:
        assert [each.parameter for each in bad] == [name]


@given(layers(plain=False))
def test_canonical_query_parses_to_the_same_layer(spec):
    query = spec.query()
    back = LayerSpec.parse(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
    assert back == spec
    assert hash(back) == hash(spec)
    assert back.query() == query
    assert LayerSpec.parse(reversed(parse_qsl(query))).query() == query


@given(layers(plain=False), layers(plain=False))
def test_queries_are_equal_exactly_for_equal_layers(one, other):
    assert (one == other) == (one.query() == other.query())


def test_empty_query_is_the_default_layer_with_its_parameters_written_out():
    spec = LayerSpec.parse([])
    assert spec == LayerSpec()
    assert spec.query() == (
        "kind=depthwise-separable&in_channels=3&out_channels=8&kernel_size=3&stride=1&padding=same&dilation=1"
        "&depth_multiplier=1&bias=false&size=128&input=chelsea&weights=classic&seed=0"
    )


@pytest.mark.parametrize("name", [*SAMPLES, *GENERATED, "upload-" + "0a" * 16])
def test_known_input_is_accepted(name):
    assert LayerSpec.parse([("input", name)]).input == name


@given(layers(plain=False, kinds=("spatially-separable",)))
def test_spatial_layer_has_as_many_outputs_as_inputs(spec):
    assert spec.out_channels == spec.in_channels
    assert not {"out_channels", "depth_multiplier"} & spec.parameters().keys()
    same = {"out_channels": str(spec.in_channels), "depth_multiplier": "1"}
    assert LayerSpec.parse([*spec.parameters().items(), *same.items()]) == spec


@pytest.mark.parametrize(("given_channels", "out_channels"), [((), "8"), ((("in_channels", "5"),), "3")])
def test_spatial_layer_with_other_out_channels_is_refused(given_channels, out_channels):
    (bad,) = refused(("kind", "spatially-separable"), *given_channels, ("out_channels", out_channels))
    assert (bad.parameter, bad.value) == ("out_channels", out_channels)
    assert f"give in_channels, {dict(given_channels).get('in_channels', 3)}" in bad.allowed


def test_spatial_layer_with_a_depth_multiplier_is_refused():
    (bad,) = refused(("kind", "spatially-separable"), ("depth_multiplier", "2"))
    assert (bad.parameter, bad.value) == ("depth_multiplier", "2")
    assert "give 1" in bad.allowed


def test_derived_out_channels_are_not_reported_with_invalid_in_channels():
    (bad,) = refused(("kind", "spatially-separable"), ("in_channels", "x"))
    assert bad.parameter == "in_channels"


def test_number_beyond_64_bits_is_reported_as_too_large():
    (bad,) = refused(("seed", str(2**62)))
    assert bad.why == "too large"


@pytest.mark.parametrize(("value", "why"), [("-1", "too small"), ("65", "too large")])
def test_padding_beyond_its_bounds_is_reported_with_the_side(value, why):
    (bad,) = refused(("padding", value))
    assert bad.why == why


@given(layers(plain=False), st.sampled_from(KINDS))
def test_layer_of_another_kind_keeps_the_shared_parameters(spec, kind):
    other = spec.as_kind(kind)
    assert other.kind == kind
    shared = other.parameters().keys() & spec.parameters().keys() - {"kind"}
    assert {n: other.parameters()[n] for n in shared} == {n: spec.parameters()[n] for n in shared}
    if kind == spec.kind:
        assert other == spec


@given(layers(plain=False), st.integers(1, 8))
def test_replaced_parameter_changes_no_other(spec, stride):
    assume(stride != spec.stride)
    changed = spec.replace(stride=stride)
    differing = {n for n in LayerSpec.model_fields if getattr(changed, n) != getattr(spec, n)}
    assert differing == {"stride"}
    assert changed.replace(stride=spec.stride) == spec


def test_replacing_with_an_illegal_value_raises():
    with pytest.raises(InvalidParameters):
        LayerSpec().replace(stride=33)


def test_spec_is_immutable():
    with pytest.raises(ValidationError):
        LayerSpec().size = 9


def test_schema_has_bounds_and_a_description_of_each_parameter():
    for name, (low, high) in WHOLE.items():
        assert (properties(LayerSpec)[name]["minimum"], properties(LayerSpec)[name]["maximum"]) == (low, high)
    assert properties(LayerSpec).keys() == LayerSpec.model_fields.keys()
    assert all(each["description"] for each in properties(LayerSpec).values())
    assert all(allowed(name) for name in LayerSpec.model_fields)


@given(st.text(max_size=200))
def test_truncated_value_is_short_and_printable(text):
    assert len(truncate_printable(text)) <= MAX_PRINTED
    assert truncate_printable(text).isprintable()
    if len(text) <= MAX_PRINTED and text.isprintable():
        assert truncate_printable(text) == text


@pytest.mark.parametrize(("text", "size"), [("3", (3, 3)), ("1x7", (1, 7)), ("7x1", (7, 1)), ("5x5", (5, 5))])
def test_kernel_size_is_read_as_height_and_width_and_written_as_one_number_where_square(text, size):
    spec = LayerSpec.parse([("kernel_size", text)])
    assert spec.kernel_size == size
    assert spec.parameters()["kernel_size"] == (str(size[0]) if size[0] == size[1] else text)


@pytest.mark.parametrize("value", ["x", "3x", "x3", "3X4", "3x4x5", "3 x 4", "03x4", "3x-4", "3x4.0", "0x3", "3x32"])
def test_size_that_is_no_two_whole_numbers_within_the_bounds_is_refused(value):
    (bad,) = refused(("kernel_size", value))
    assert (bad.parameter, bad.value) == ("kernel_size", value)
    assert "HEIGHTxWIDTH such as 1x7" in bad.allowed


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 64))
def test_groups_must_divide_both_channel_counts(in_channels, out_channels, groups):
    pairs = [("kind", "standard"), ("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups)]
    if in_channels % groups == 0 == out_channels % groups:
        assert LayerSpec.parse([(name, str(value)) for name, value in pairs]).groups == groups
        return
    (bad,) = refused(*((name, str(value)) for name, value in pairs))
    assert (bad.parameter, bad.value) == ("groups", str(groups))
    nearest = int(dict(bad.fits)["groups"])
    assert in_channels % nearest == 0 == out_channels % nearest


@pytest.mark.parametrize(
    ("kind", "name", "value", "usual"),
    [
        ("depthwise-separable", "groups", "3", "1"),
        ("spatially-separable", "groups", "3", "1"),
        ("standard", "between", "relu", "none"),
        ("spatially-separable", "depth_multiplier", "2", "1"),
    ],
)
def test_parameter_that_the_kind_lacks_is_refused(kind, name, value, usual):
    (bad,) = refused(("kind", kind), (name, value))
    assert (bad.parameter, bad.value, dict(bad.fits)) == (name, value, {name: usual})


@pytest.mark.parametrize("value", ["", "relu,", "ReLU", "relu relu6", "none,relu", "relu,relu", "norm,sigmoid"])
def test_unknown_or_repeated_operations_are_refused_with_the_known_ones(value):
    (bad,) = refused(("after", value))
    assert (bad.parameter, bad.value) == ("after", value)
    assert "norm, relu, relu6, silu, hard-swish, gelu" in bad.allowed


def test_operations_are_kept_in_their_order():
    spec = LayerSpec.parse([("between", "relu6,norm"), ("after", "norm,gelu")])
    assert (spec.between, spec.after) == (("relu6", "norm"), ("norm", "gelu"))
    assert spec.query().count("between=relu6,norm&after=norm,gelu") == 1
