"""Several figures in one page: no id, class, keyframes or rule of one applies to another."""

import re
from itertools import combinations

import torch
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from sepviz.figures import NAMES, draw, error_figure
from sepviz.figures.animation import ANIMATED
from sepviz.figures.options import THEMES, Options
from sepviz.figures.paint import scope
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.grid import grid_svg
from sepviz.tensors.trace import Maps

from tests.support.layers import any_layers

SVG = "{http://www.w3.org/2000/svg}"
RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
KEYFRAMES = re.compile(r"@keyframes ([\w-]+)\{(?:[^{}]*\{[^{}]*\})*\}")
MEDIA = re.compile(r"@media [^{]*\{")


def options():
    themes = st.sampled_from(THEMES)
    still = st.builds(Options, theme=themes, background=st.sampled_from(["paper", "none"]))
    return st.one_of(
        st.tuples(st.sampled_from(NAMES), still),
        st.tuples(st.sampled_from(ANIMATED), st.builds(Options, theme=themes, animate=st.just(True))),
        st.tuples(st.sampled_from(ANIMATED), st.builds(Options, theme=themes, frames=st.integers(1, 3))),
        st.tuples(st.just("separable"), st.just(Options("page"))),
    )


def classes(root):
    return {each for node in root.iter() for each in node.get("class", "").split()}


def ids(root):
    return [node.get("id") for node in root.iter() if node.get("id")]


def styles(root):
    return "".join(node.text for node in root.iter(f"{SVG}style"))


def selectors(css):
    """The selectors of all rules, without the names of keyframes."""
    plain = MEDIA.sub("", KEYFRAMES.sub("", css))
    return [each.strip("} ") for each in RULE.findall(plain)]


def reaches(selector, names):
    """Whether the selector applies to one of these classes, by name or by prefix."""
    found = re.fullmatch(r"\.([\w-]+)|\[class\^=([\w-]+)\]", selector)
    assert found, f"{selector} is no class of a figure's own"
    own, beginning = found.groups()
    return any(each == own or (beginning and each.startswith(beginning)) for each in names)


@settings(max_examples=60)
@given(st.lists(st.tuples(any_layers(), options()), min_size=2, max_size=6, unique=True))
def test_figures_of_different_addresses_share_no_id_class_or_keyframes(drawn):
    roots = [ElementTree.fromstring(draw(name, spec, look)) for spec, (name, look) in drawn]
    for root in roots:
        assert_self_contained(root)
    for (one, (_, a)), (other, (_, b)) in combinations(zip(roots, [each for _, each in drawn], strict=True), 2):
        assert not set(ids(one)) & set(ids(other))
        assert not set(KEYFRAMES.findall(styles(one))) & set(KEYFRAMES.findall(styles(other)))
        if "page" not in (a.theme, b.theme):
            assert not classes(one) & classes(other)
        for first, second in ((one, other), (other, one)):
            assert not any(reaches(each, classes(second)) for each in selectors(styles(first)))


def assert_self_contained(root):
    """Assert that references, classes and animations stay inside the figure, and ids are unique."""
    assert len(ids(root)) == len(set(ids(root)))
    assert set(root.get("aria-labelledby").split()) <= set(ids(root))
    markup = ElementTree.tostring(root, encoding="unicode")
    assert not re.search(r"url\(|href", markup)
    css = styles(root)
    assert set(re.findall(r"animation-name:([\w-]+)", css)) == set(KEYFRAMES.findall(css))
    assert all(reaches(each, classes(root)) for each in selectors(css))


@given(st.lists(st.tuples(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3)), min_size=2, max_size=4))
@settings(max_examples=30)
def test_different_error_figures_share_no_id_or_class(errors):
    roots = [ElementTree.fromstring(each) for each in sorted({error_figure(*error) for error in errors})]
    for root in roots:
        assert_self_contained(root)
    for one, other in combinations(roots, 2):
        assert not set(ids(one)) & set(ids(other))
        assert not classes(one) & classes(other)


def test_maps_as_svg_have_alt_text_and_no_ids():
    maps = Maps("pointwise", range(3), torch.rand(1, 3, 8, 8))
    root = ElementTree.fromstring(grid_svg(maps, "diverging", "stage").body)
    assert (ids(root), classes(root), styles(root)) == ([], set(), "")
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == "pointwise: 3 channels of 8 × 8"


def test_scope_begins_with_a_letter_and_is_unique_for_20_000_addresses():
    scopes = {scope(f"/diagrams/cost.svg?seed={seed}") for seed in range(20_000)}
    assert len(scopes) == 20_000
    assert all(re.fullmatch(r"s[a-z2-7]{7}", each) for each in scopes)


def test_equal_addresses_give_equal_figures():
    spec, options = LayerSpec(in_channels=5), Options(title="Words")
    assert draw.__wrapped__("cost", spec, options) == draw.__wrapped__("cost", spec, options)
    assert draw("cost", spec, options) != draw("cost", spec.replace(in_channels=6), options)
