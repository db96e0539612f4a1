"""Every stored figure is drawn again with equal bytes, so that a published address keeps its figure."""

import pytest

from tests.support.stored_figures import FOLDER, draw_all

DRAWN = draw_all()


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: str(path.relative_to(FOLDER)))
def test_figure_equals_the_stored_one(path):
    stored = path.read_text(encoding="utf-8").removesuffix("\n")
    assert DRAWN[path] == stored, f"{path.name} is drawn otherwise; if that is meant, `make figures` and look at it"


def test_gallery_has_no_other_files():
    assert set(FOLDER.rglob("*.*")) == set(DRAWN)
