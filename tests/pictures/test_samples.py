"""The photographs that come with Sepviz."""

import pytest
from PIL import Image
from sepviz.errors import UnknownName
from sepviz.layer.spec import SAMPLES as SAMPLE_NAMES
from sepviz.pictures.samples import FOLDER, SAMPLES, sample_pixels


def test_every_sample_of_the_spec_has_256_pixels_a_side_and_a_credit() -> None:
    assert tuple(each.name for each in SAMPLES) == SAMPLE_NAMES
    for each in SAMPLES:
        assert sample_pixels(each.name).shape[:2] == (256, 256)
        assert each.author in each.credit
        assert each.licence in each.credit


def test_every_sample_has_a_licence_and_a_small_thumbnail() -> None:
    licences = (FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    thumbnails = FOLDER.parents[3] / "static" / "samples"
    for each in SAMPLES:
        assert f"`{each.name}.jpg` | {each.author} |" in licences
        thumbnail = thumbnails / f"{each.name}.webp"
        assert thumbnail.stat().st_size < 2500
        with Image.open(thumbnail) as image:
            assert image.size == (68, 68)


def test_unknown_sample_is_refused_with_the_known_names() -> None:
    with pytest.raises(UnknownName, match="there are: chelsea"):
        sample_pixels("../secret")
