"""The lens in the first paint of the page and of its embedded form: who may store it, and for how long."""

import io

import pytest
from PIL import Image
from sepviz.errors import Busy
from starlette.testclient import TestClient

from tests.support.here import create_app


@pytest.fixture
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


def upload(client):
    file = io.BytesIO()
    Image.new("RGB", (9, 7), (16, 128, 240)).save(file, "GIF")
    return client.post("/api/images", files={"file": ("picture.gif", file.getvalue())}).json()["id"]


@pytest.mark.parametrize("path", ["/", "/embed", "/lens"])
@pytest.mark.parametrize("lens", ["pixel", "composed", "approximation"])
def test_lens_of_an_upload_is_private(client, path, lens):
    answer = client.get(path, params={"input": upload(client), "lens": lens, "size": "8"})
    assert answer.status_code == 200
    assert "class=" in answer.text
    assert answer.headers["cache-control"] == "private, no-cache"


def test_embedded_page_whose_lens_is_unavailable_is_not_stored(client, monkeypatch):
    assert client.get("/embed?lens=pixel").headers["cache-control"].startswith("public")

    async def execute(*_):
        raise Busy("the server is busy", 2)

    monkeypatch.setattr(client.app.state.services.executor, "execute", execute)
    answer = client.get("/embed?lens=pixel&seed=1")
    assert answer.status_code == 200
    assert "the server is busy" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_embedded_page_of_an_expired_upload_is_not_stored(client):
    answer = client.get("/embed", params={"input": f"upload-{'0' * 32}", "lens": "composed"})
    assert "upload it again" in answer.text
    assert answer.headers["cache-control"] == "no-store"
