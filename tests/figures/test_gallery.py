"""A figure's address, once published, keeps meaning the same figure: every stored one is drawn again, byte by byte."""

import pytest

from tests.support.stored_figures import FOLDER, draw_all

DRAWN = draw_all()


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_figure_is_the_stored_one(path):
    stored = path.read_text(encoding="utf-8").removesuffix("\n")
    assert DRAWN[path] == stored, f"{path.name} is drawn otherwise; if that is meant, `make figures` and look at it"


def test_nothing_else_is_stored():
    assert set(FOLDER.rglob("*.*")) == set(DRAWN)
