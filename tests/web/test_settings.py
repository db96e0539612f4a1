"""Settings: options, environment, what is printed at the start, and never a password."""

import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from sepviz import cli
from sepviz.settings import Settings
from starlette.testclient import TestClient

from tests.support.here import create_app

URL = "redis://:sesame@127.0.0.1:6379/0"


@pytest.fixture
def served(monkeypatch):
    """Runs `sepviz serve` up to the server: (settings or None, output, errors)."""
    ran = []
    monkeypatch.setattr("sepviz.cli.serve_command._run_server", lambda _listening, settings: ran.append(settings))

    def run(*options):
        result = CliRunner().invoke(cli.main, ["serve", "--port", "0", *options])
        return (ran.pop() if ran else None), result.stdout, result.stderr

    return run


def test_by_default_uploads_are_accepted_and_no_proxy_is_trusted(served):
    settings, told, _ = served()
    assert (settings.uploads, settings.forwarded_allow_ips, settings.redis_url) == (True, None, None)
    assert "Set:" not in told


def test_options_and_environment_set_the_same(served, monkeypatch):
    by_option, told, _ = served("--no-uploads", "--forwarded-allow-ips", "10.0.0.7,10.1.0.0/16")
    monkeypatch.setenv("SEPVIZ_UPLOADS", "false")
    monkeypatch.setenv("SEPVIZ_FORWARDED_ALLOW_IPS", "10.0.0.7,10.1.0.0/16")
    assert served()[:1] == (by_option,)
    assert not by_option.uploads
    assert "uploads = False" in told
    assert "forwarded_allow_ips = 10.0.0.7,10.1.0.0/16" in told


@pytest.mark.parametrize("given", ["", "proxy", "10.0.0.0/33", "10.0.0.7/8", "*,10.0.0.7", "10.0.0.7,"])
def test_invalid_list_of_addresses_is_reported(served, given):
    settings, _, errors = served("--forwarded-allow-ips", given)
    assert settings is None
    assert f"SEPVIZ_FORWARDED_ALLOW_IPS: {given!r}" in errors
    assert "such as 10.0.0.7,10.1.0.0/16" in errors


def test_redis_address_is_not_printed(served, monkeypatch):
    monkeypatch.setenv("SEPVIZ_REDIS_URL", URL)
    settings, told, _ = served()
    assert settings.redis_url.get_secret_value() == URL
    assert "redis_url = **" in told
    assert "sesame" not in told + repr(settings)


@pytest.mark.parametrize("given", ["http://:sesame@host", "redis://:sesame@host:port", "sesame", ""])
def test_invalid_redis_address_is_not_printed(served, monkeypatch, given):
    monkeypatch.setenv("SEPVIZ_REDIS_URL", given)
    settings, told, errors = served()
    assert settings is None
    assert "SEPVIZ_REDIS_URL: not a URL such as redis://host:6379/0" in errors
    assert "sesame" not in told + errors
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "sesame" not in str(refused.value)


def test_missing_redis_package_is_reported(served, monkeypatch):
    monkeypatch.setenv("SEPVIZ_REDIS_URL", URL)
    monkeypatch.setattr("sepviz.settings.find_spec", lambda _name: None)
    settings, _, errors = served()
    assert settings is None
    assert "pip install 'sepviz[redis]'" in errors


# Uploads switched off


@pytest.fixture
def closed():
    with TestClient(create_app(Settings(uploads=False)), base_url="http://localhost") as made:
        yield made


@pytest.mark.parametrize("form", [{"files": {"file": b"GIF89a"}}, {}])
def test_upload_is_refused_when_uploads_are_off(closed, form):
    answer = closed.post("/api/images", **form)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "takes no pictures" in answer.json()["detail"]


def test_page_offers_no_upload_when_uploads_are_off(closed):
    with TestClient(create_app(), base_url="http://localhost") as taking:
        for path in ("/", "/embed"):
            assert 'id="upload"' in taking.get(path).text
            page = closed.get(path)
            assert page.status_code == 200
            assert 'id="upload"' not in page.text
            assert 'type="file"' not in page.text
    assert closed.get("/api/tensors?in_channels=2&out_channels=3&size=8").status_code == 200
