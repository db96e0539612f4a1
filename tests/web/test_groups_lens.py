"""The lens "Groups": its drawing against the plan's connections, its words, and its links."""

import re
from urllib.parse import parse_qsl

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from sepviz.layer.spec import LayerSpec
from sepviz.web.groups_lens import describe_groups
from sepviz.web.lenses import LENSES
from sepviz.web.rendering import create_environment

from tests.support.layers import any_layers, layers
from tests.web.test_wording import COUNTED, ROOT

LINE = re.compile(r"M([\d.-]+) ([\d.-]+)L([\d.-]+) ([\d.-]+)")


def parse(query):
    return LayerSpec.parse(parse_qsl(query))


def render(spec):
    template = create_environment(ROOT / "templates").get_template("lenses/groups.html")
    return template.render(spec=spec, look={"lens": "groups"}, lens=LENSES["groups"], document=describe_groups(spec))


def lines(drawing):
    return [line for path in fromstring(drawing).iterfind(".//{*}path") for line in LINE.findall(path.get("d"))]


@settings(max_examples=30, deadline=None)
@given(layers(plain=False))
def test_each_output_has_a_line_to_every_input_that_it_reads(spec):
    for stop in describe_groups(spec).stops:
        layer, drawn = stop.spec, lines(describe_groups(stop.spec).drawing)
        if layer.out_channels > 6 or layer.in_channels * layer.depth_multiplier > 6:
            continue  # some channels are left out
        inputs, outputs = layer.in_channels, layer.out_channels
        maps = inputs * layer.depth_multiplier
        separable = layer.kind == "depthwise-separable"
        assert (
            len(drawn) == len(set(drawn)) == (maps + maps * outputs if separable else inputs * outputs // layer.groups)
        )


def test_lines_of_a_group_stay_within_it():
    drawing = describe_groups(parse("kind=standard&in_channels=6&out_channels=6&groups=3")).drawing
    by_output = {}
    for _, start, _, end in lines(drawing):
        by_output.setdefault(float(end), set()).add(float(start))
    groups = {frozenset(starts) for starts in by_output.values()}
    assert len(by_output) == 6
    assert sorted(map(len, groups)) == [2, 2, 2]
    assert len(frozenset.union(*groups)) == 6


@settings(max_examples=60, deadline=None)
@given(any_layers(plain=False))
def test_texts_count_in_the_singular_where_there_is_one(spec):
    document = describe_groups(spec)
    words = " ".join([document.sentence, document.remark, *document.costs, *(stop.name for stop in document.stops)])
    for number, _, plural in COUNTED.findall(words):
        assert (number.lower() in ("one", "1")) == (plural == ""), words


@settings(max_examples=20, deadline=None)
@given(any_layers(plain=False))
def test_links_lead_to_the_stops_with_one_of_them_chosen(spec):
    document = describe_groups(spec)
    html = render(spec)
    addresses = [each.replace("&amp;", "&") for each in re.findall(r'href="\?([^"]+)" data-go', html)]
    found = [dict(parse_qsl(each)) for each in addresses]
    assert [each.pop("lens") for each in found] == ["groups"] * len(document.stops)
    assert [LayerSpec.parse(each.items()) for each in found] == [stop.spec for stop in document.stops]
    assert html.count("aria-current") == 1
    assert ('aria-current="page"' in html) == (document.stops[document.chosen].spec == spec)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ["8 outputs of this layer do not split into 3 groups, so each stop has 9", "4.5× fewer"]),
        ("kind=standard&out_channels=9", ["Each of the 9 outputs reads all 3 channels", "as many as with 1 group"]),
        ("kind=standard&out_channels=9&groups=3", ["nothing is mixed", "its own 3 kernels", "3× fewer"]),
        ("kind=standard&in_channels=6&out_channels=6&groups=2", ["2 groups of 3", "reads the 3 of its group"]),
        ("in_channels=1", ["the one channel has its own kernel", "is the one map times a weight"]),
        ("kind=standard&in_channels=1", ["with one channel standard is depthwise, too"]),
        ("kind=spatially-separable", ["spatially separable: channels are never mixed", "3 groups"]),
        ("kind=standard&in_channels=2048&out_channels=2048&groups=2048&size=7", ["2,048× fewer"]),
        ("kernel_size=1&out_channels=3", ["1.33× as many as with 1 group"]),
    ],
)
def test_words_say_what_is_read_and_what_it_costs(query, words):
    document = describe_groups(parse(query))
    text = " ".join([document.sentence, document.remark, *document.costs])
    for each in words:
        assert each in text
