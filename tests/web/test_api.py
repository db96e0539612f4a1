"""The routes: numbers, errors, caching, tensors, pictures, uploads."""

import asyncio
import io
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load
from sepviz.compute import Compute
from sepviz.compute.worker import run_job
from sepviz.errors import Busy
from sepviz.layer.budget import check_picture
from sepviz.layer.selection import Selection, channels_of
from sepviz.layer.spec import LayerSpec
from sepviz.pictures.decoding import MAX_BYTES
from sepviz.settings import Settings
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.web import app as main
from sepviz.web.middleware import request_limits as guards
from sepviz.web.rendering import format_macs
from starlette.testclient import TestClient

from tests.support import here
from tests.support.here import create_app
from tests.support.layers import layers, sides

FORGOTTEN = f"upload-{'0' * 32}"
SMALL = "in_channels=2&out_channels=3&size=8"
GETS = [
    "/fragment",
    "/view",
    "/api/layer",
    "/api/tensors",
    "/api/code",
    "/api/approximation",
    "/api/pixel",
    "/diagrams/cost.svg",
    "/feature-maps/depthwise.png",
    "/feature-maps/depthwise/0.png",
]


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def png(width=20, height=10, colour=(255, 0, 0)):
    into = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(into, "PNG")
    return into.getvalue()


def pixels(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def assert_problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    return problem


# Numbers


@given(layers(plain=False))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_layer_numbers_are_those_of_plain_arithmetic(client, spec):
    found = client.get(f"/api/layer?{spec.query()}").json()
    m, n, r, g = spec.in_channels, spec.out_channels, spec.depth_multiplier, spec.groups
    (tall, broad), width = spec.kernel_size, spec.size.width
    high_out, wide_out = (
        (spec.size[axis] + sum(sides(spec, axis)) - spec.dilation * (spec.kernel_size[axis] - 1) - 1) // spec.stride + 1
        for axis in (0, 1)
    )
    out = (high_out, wide_out)
    expected = {
        "depthwise-separable": [("depthwise", m * r, 1, tall, broad, *out), ("pointwise", n, m * r, 1, 1, *out)],
        "spatially-separable": [("vertical", m, 1, tall, 1, high_out, width), ("horizontal", m, 1, 1, broad, *out)],
        "standard": [("standard", n, m // g, tall, broad, *out)],
    }[spec.kind]
    macs = params = 0
    for stage, (name, outputs, inputs, rows, columns, high, wide) in zip(found["stages"], expected, strict=True):
        assert stage["name"] == name
        assert stage["weight_shape"] == [outputs, inputs, rows, columns]
        assert stage["output_shape"] == [outputs, high, wide]
        assert stage["macs"] == outputs * inputs * rows * columns * high * wide
        assert stage["params"] == outputs * inputs * rows * columns + (outputs if spec.bias else 0)
        macs, params = macs + stage["macs"], params + stage["params"]
    assert found["total"] == {"macs": macs, "params": params}
    replaced = m * (1 if spec.kind == "spatially-separable" else n) * tall * broad
    assert found["standard"]["macs"] == replaced * high_out * wide_out
    assert found["ratio"]["macs"] == pytest.approx(macs / (replaced * high_out * wide_out))
    assert LayerSpec(**found["layer"]) == spec


# Errors


BAD = [
    ("kernel_size=0", "kernel_size", "0", "1 to 31"),
    ("kernel_size=3.0", "kernel_size", "3.0", "1 to 31"),
    ("in_channels=4097", "in_channels", "4097", "1 to 4096"),
    ("out_channels=", "out_channels", "", "1 to 4096"),
    ("stride=two", "stride", "two", "1 to 32"),
    ("padding=full", "padding", "full", "same or valid or a whole number from 0 to 64"),
    ("padding=65", "padding", "65", "0 to 64"),
    ("bias=1", "bias", "1", "true or false"),
    ("size=0", "size", "0", "1 to 2048"),
    ("kind=dense", "kind", "dense", "spatially-separable"),
    ("input=dog", "input", "dog", "chelsea"),
    ("weights=trained", "weights", "trained", "classic, random"),
    ("seed=-1", "seed", "-1", "0 to 4294967295"),
    ("channel=3", "channel", "3", "in_channels"),
    ("stride=1&stride=1", "stride", "1", "once"),
    ("kernel_size=31&size=8&padding=valid", "kernel_size", "31", "up to 8"),
    ("kind=spatially-separable&out_channels=8", "out_channels", "8", "leave it out"),
]


@pytest.mark.parametrize(("query", "parameter", "value", "fits"), BAD)
def test_invalid_parameter_is_named_with_what_is_allowed(client, query, parameter, value, fits):
    for path in ("/api/layer", "/api/tensors", "/api/code", "/fragment"):
        problem = assert_problem(client.get(f"{path}?{query}"), 422)
        (error,) = [each for each in problem["errors"] if each["parameter"] == parameter]
        assert error.keys() - {"fits"} == {"parameter", "value", "detail", "allowed"}
        assert error["value"] == value
        if fits == "same or valid or a whole number from 0 to 64":
            assert "valid" in error["allowed"]
            assert "0 to 64" in error["allowed"]
        else:
            assert fits in error["allowed"]
    answer = client.get(f"/?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


OPTIONS = [
    ("/api/tensors?dtype=int8", "dtype", "float16"),
    ("/api/tensors?tile=0", "tile", "1 to 512"),
    ("/api/tensors?tile=513", "tile", "1 to 512"),
    ("/api/tensors?stages=horizontal", "stages", "pointwise"),
    ("/api/tensors?channels=5-2", "channels", "0-15"),
    ("/api/tensors?channels=900-901", "channels", "7"),
    ("/api/layer?theme=dark", "theme", "kind"),
]


@pytest.mark.parametrize(("address", "parameter", "fits"), OPTIONS)
def test_invalid_option_is_named_with_what_is_allowed(client, address, parameter, fits):
    (error,) = assert_problem(client.get(address), 422)["errors"]
    assert error["parameter"] == parameter
    assert fits in error["allowed"]


@pytest.mark.parametrize("path", [path for path in GETS if path[-4:] in (".svg", ".png")])
@pytest.mark.parametrize(("query", "status"), [("stride=99", 422), ("foo=1", 422), ("stride=1&stride=1", 422)])
def test_error_at_a_figure_s_address_is_an_error_figure(client, path, query, status):
    assert_figure(client.get(f"{path}?{query}"), path, status)


@pytest.mark.parametrize("width", ["63", "4097", "wide"])
def test_invalid_width_is_an_error_figure(client, width):
    assert_figure(client.get(f"/diagrams/cost.svg?width={width}"), "/diagrams/cost.svg", 422)


@pytest.mark.parametrize("address", ["/diagrams/none.svg", "/feature-maps/none.png", "/feature-maps/depthwise/x.png"])
def test_unknown_figure_name_is_an_error_figure_with_404(client, address):
    assert_figure(client.get(address), address, 404)


@pytest.mark.parametrize("address", ["/feature-maps/input.png", "/feature-maps/depthwise/0.png"])
def test_map_of_an_expired_upload_is_an_error_figure_with_410(client, address):
    assert_figure(client.get(f"{address}?input={FORGOTTEN}"), address, 410)


def assert_figure(answer, path, status):
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    if path.endswith(".svg"):
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.text.startswith("<svg")
        assert f"{status} " in answer.text
    else:
        assert answer.headers["content-type"] == "image/png"
        Image.open(io.BytesIO(answer.content)).verify()


def test_unknown_addresses_and_frameworks_are_problems(client):
    assert_problem(client.get("/nothing"), 404)
    assert "pytorch" in assert_problem(client.get("/api/code?framework=caffe"), 404)["detail"]
    assert_problem(client.get(f"/api/tensors?input={FORGOTTEN}"), 410)
    assert_problem(client.post("/api/layer"), 405)


def test_layer_over_budget_names_a_size_that_fits(client):
    query = "kind=standard&in_channels=64&out_channels=128"
    problem = assert_problem(client.get(f"/api/tensors?{query}&size=512"), 422)
    (error,) = problem["errors"]
    assert (error["parameter"], error["value"]) == ("size", "512")
    assert "2 GMAC" in error["detail"]
    fitting = int(re.search(r"size up to (\d+) would fit", error["allowed"])[1])
    per_cell = 64 * 128 * 9
    assert per_cell * fitting**2 <= 2 * 10**9 < per_cell * (fitting + 1) ** 2
    assert client.get(f"/api/tensors?{query}&size={fitting}&stages=input&tile=1").status_code == 200
    assert client.get(f"/api/layer?{query}&size=512").status_code == 200


@pytest.mark.parametrize("form", ["png", "svg"])
def test_picture_of_more_maps_than_it_has_room_for_is_refused(client, form):
    query = "in_channels=2000&size=1&kernel_size=1&stages=depthwise"
    path = f"/feature-maps/depthwise.{form}?in_channels=2000&out_channels=1&size=1&kernel_size=1"
    fitting = LayerSpec(in_channels=2000, out_channels=1, size=1, kernel_size=1, depth_multiplier=2)
    check_picture(fitting, "depthwise", channels_of(fitting)["depthwise"])
    assert client.get(f"{path}&depth_multiplier=3").status_code == 422
    # Its tensors are no picture: even the last of 128,000 channels can be had.
    answer = client.get(f"/api/tensors?{query}&depth_multiplier=64&channels=127999-127999")
    assert load(answer.content)["depthwise"].shape == (1, 1, 1)


def test_every_stage_of_the_longest_layer_can_be_named(client):
    operations = "norm,relu,relu6,silu,hard-swish,gelu"
    query = f"size=5&between={operations}&after={operations}"
    names = [each["name"] for each in client.get(f"/api/layer?{query}").json()["stages"]]
    assert set(names) <= set(load(client.get(f"/api/tensors?{query}&stages={','.join(names)}").content))


@pytest.mark.parametrize("path", ["/", "/diagrams/cost.svg", "/healthz"])
def test_head_is_answered_as_get(client, path):
    assert client.head(path).status_code == 200


# Caching


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_exported_figure_is_computed_once_and_cached(client, form):
    exports = client.app.state.services.exports
    before = exports.counts.computed, exports.counts.cached
    first, again = (client.get(f"/diagrams/cost.{form}?{SMALL}&seed=77") for _ in range(2))
    assert first.content == again.content
    assert (exports.counts.computed, exports.counts.cached) == (before[0] + 1, before[1] + 1)


def test_exports_beyond_their_queue_get_503(monkeypatch):
    monkeypatch.setattr(main, "MAX_QUEUED_EXPORTS", 0)
    with TestClient(create_app(), base_url="http://localhost") as client:
        assert_problem(client.get(f"/diagrams/cost.pdf?{SMALL}&seed=78"), 503)
        assert client.get(f"/diagrams/cost.svg?{SMALL}&seed=78").status_code == 200


def test_gzipped_figure_equals_the_plain_one(client):
    path = f"/diagrams/separable.svg?{SMALL}"
    plain, *packed = (
        client.get(path, headers={"Accept-Encoding": each}) for each in ("identity", "gzip", "br;q=1.0, gzip;q=0.8")
    )
    assert "content-encoding" not in plain.headers
    assert {each.headers["content-encoding"] for each in packed} == {"gzip"}
    assert {each.text for each in packed} == {plain.text}
    assert {each.headers["vary"] for each in (plain, *packed)} == {"Accept-Encoding"}


@pytest.mark.parametrize("path", ["/diagrams/separable.svg", "/", "/api/layer"])
def test_client_that_refuses_gzip_gets_plain_text(client, path):
    for refused in ("gzip;q=0", "br, GZIP ; q=0.000", "gzip;q=0, deflate;q=1", "gzip;level=9;q=0", "xgzip", "br"):
        answer = client.get(path, headers={"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers
    for taken in ("gzip;q=0.001", "br;q=0, gzip", "gzip;q=1"):
        assert client.get(path, headers={"Accept-Encoding": taken}).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", GETS)
def test_matching_etag_gets_304(client, path):
    address = f"{path}?{SMALL}"
    first = client.get(address)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', tag)
    for held in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(address, headers={"If-None-Match": held})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == "Accept-Encoding"
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", GETS)
def test_etags_are_equal_exactly_for_equal_queries(client, path):
    def tag(query):
        return client.get(f"{path}?{query}").headers["etag"]

    assert tag(SMALL) == tag("size=8&out%5Fchannels=3&in_channels=2&kernel_size=3&bias=false")
    assert tag(SMALL) != tag(f"{SMALL}&kernel_size=2")


# Tensors


def carried_out(query, selection=None):
    return run(LayerSpec.parse([p.split("=") for p in query.split("&")]), Inputs(), selection or Selection())


@pytest.mark.parametrize(
    "query",
    [
        f"{SMALL}&bias=true",
        f"{SMALL}&kind=standard&weights=random&seed=7",
        "kind=spatially-separable&in_channels=4&size=9&stride=2&input=noise",
        "in_channels=5&out_channels=4&size=11&depth_multiplier=2&padding=3&dilation=2&input=coffee",
    ],
)
def test_tensors_are_those_of_the_trace(client, query, tmp_path):
    answer = client.get(f"/api/tensors?{query}")
    assert answer.headers["content-type"] == "application/octet-stream"
    trace = carried_out(query)
    expected = {"input": trace.input.values[0]}
    for stage in trace.stages:
        expected |= {stage.name: stage.output.values[0], f"{stage.name}.weight": stage.weight}
        if stage.bias is not None:
            expected[f"{stage.name}.bias"] = stage.bias
    file = tmp_path / "maps.safetensors"
    file.write_bytes(answer.content)
    with safe_open(file, "pt") as found:
        assert set(found.keys()) == expected.keys()
        for name, tensor in expected.items():
            assert torch.equal(found.get_tensor(name), tensor)
        assert json.loads(found.metadata()["sepviz"])["query"] == trace.spec.query()


def test_only_selected_stages_and_channels_are_sent(client):
    query = "in_channels=6&out_channels=8&size=8"
    every = load(client.get(f"/api/tensors?{query}").content)
    part = load(client.get(f"/api/tensors?{query}&stages=input,depthwise&channels=2-4").content)
    assert part.keys() == {"input", "depthwise", "depthwise.weight"}
    for name, tensor in part.items():
        torch.testing.assert_close(tensor, every[name][2:5], rtol=1e-5, atol=1e-5)


def test_tile_is_the_average_of_its_cells(client):
    query = f"{SMALL}&input=noise&stages=depthwise"
    whole = load(client.get(f"/api/tensors?{query}").content)["depthwise"]
    tile = load(client.get(f"/api/tensors?{query}&tile=4").content)["depthwise"]
    expected = whole.numpy().reshape(2, 4, 2, 4, 2).mean((2, 4))
    np.testing.assert_allclose(tile.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_uint8_tensors_span_their_range(client):
    whole = load(client.get(f"/api/tensors?{SMALL}").content)
    small = load(client.get(f"/api/tensors?{SMALL}&dtype=uint8").content)
    half = load(client.get(f"/api/tensors?{SMALL}&dtype=float16").content)
    for name in ("input", "depthwise", "pointwise"):
        low, high = small[f"{name}.range"].numpy().T[:, :, None, None]
        back = low + small[name].numpy() / 255 * (high - low)
        assert small[name].dtype == torch.uint8
        assert np.all(np.abs(back - whole[name].numpy()) <= (high - low) / 255 * 0.51 + 1e-6)
        assert torch.equal(half[name], whole[name].half())


# Pictures


def test_grey_map_has_one_pixel_for_each_cell(client):
    query = "in_channels=3&size=16&input=noise&stride=2"
    found = pixels(client.get(f"/feature-maps/depthwise/1.png?{query}&colormap=grey"))
    plane = load(client.get(f"/api/tensors?{query}").content)["depthwise"][1].double().numpy()
    expected = np.rint((plane - plane.min()) / (plane.max() - plane.min()) * 255)
    assert found.shape == (8, 8, 3)
    assert np.all(np.abs(found - expected[:, :, None]) <= 1)
    assert (found[:, :, 0] == found[:, :, 2]).all()


def test_input_map_of_an_impulse_is_one_white_pixel(client):
    found = pixels(client.get("/feature-maps/input/0.png?input=impulse&size=9&colormap=grey"))
    assert found[4, 4].tolist() == [255, 255, 255]
    assert found.sum() == 3 * 255


def test_diverging_colours_are_blue_below_and_red_above_zero(client):
    found = pixels(client.get("/feature-maps/depthwise/1.png?input=impulse&size=9")).astype(int)
    plane = load(client.get("/api/tensors?input=impulse&size=9").content)["depthwise"][1].numpy()
    red, green, blue = found.transpose(2, 0, 1)
    assert (red > blue)[plane > 0].all()
    assert (blue > red)[plane < 0].all()
    still = plane == 0
    assert max(np.ptp(each[still]) for each in (red, green, blue)) == 0
    assert min(each[still].min() for each in (red, green, blue)) > 240


@pytest.mark.parametrize("scale", ["channel", "stage"])
@pytest.mark.parametrize("colormap", ["diverging", "diverging-dark", "grey", "viridis"])
def test_grid_has_room_for_every_channel(client, scale, colormap):
    answer = client.get(f"/feature-maps/pointwise.png?out_channels=9&size=16&scale={scale}&colormap={colormap}")
    height, width = pixels(answer).shape[:2]
    assert width >= 8 * 128
    assert height >= 2 * 128


# Code


def test_code_makes_the_layer_that_is_shown(client):
    query = f"{SMALL}&weights=random&seed=5&bias=true&stride=2&kernel_size=4"
    answer = client.get(f"/api/code?{query}")
    assert answer.headers["content-type"].startswith("text/plain")
    made = {"__name__": "made"}
    exec(compile(answer.text, "code", "exec"), made)  # noqa: S102
    torch.manual_seed(5)
    with torch.inference_mode():
        trace = carried_out(query)
        found = made["SeparableConv2d"]()(trace.input.values)
    torch.testing.assert_close(found, trace.stages[-1].output.values)


# Uploads


def test_upload_s_id_is_an_input(client):
    answer = client.post("/api/images", files={"file": ("any.txt", png(40, 20), "text/plain")})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["width"], told["height"], told["kept_seconds"]) == (40, 20, 1800)
    assert told["used"] == {"left": 10, "top": 0, "width": 20, "height": 20}
    assert client.post("/api/images", files={"file": png(40, 20)}).json()["id"] == told["id"]
    tensors = load(client.get(f"/api/tensors?size=8&input={told['id']}").content)
    assert tensors["input"].amin((1, 2)).tolist() == tensors["input"].amax((1, 2)).tolist() == [1.0, 0.0, 0.0]
    assert client.get(f"/?input={told['id']}").status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 415), (b"GIF, or so I say", 415), (b"<svg/>", 415), (png()[:-30], 422), (png(12001, 1), 413)],
)
def test_upload_that_is_no_picture_is_refused(client, content, status):
    assert_problem(client.post("/api/images", files={"file": ("a.png", content)}), status)


@pytest.mark.parametrize("chunked", [False, True])
def test_body_that_is_too_large_gets_413(client, chunked):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    parts = [head, *[bytes(2**20)] * (MAX_BYTES // 2**20 + 1), b"\r\n--x--\r\n"]
    content = iter(parts) if chunked else b"".join(parts)
    answer = client.post("/api/images", content=content, headers={"Content-Type": "multipart/form-data; boundary=x"})
    (bad,) = assert_problem(answer, 413)["errors"]
    assert (bad["parameter"], bad["allowed"]) == ("file", "send at most 8 MiB")


@pytest.mark.parametrize("form", [{}, {"files": {"other": b"x"}}, {"data": {"file": "text"}}])
def test_form_without_a_file_is_a_problem(client, form):
    assert_problem(client.post("/api/images", **form), 422)


def test_upload_expires_after_its_time():
    now = [1000.0]
    app = create_app(Settings(upload_seconds=60), clock=lambda: now[0])
    with TestClient(app, base_url="http://localhost") as short:
        name = short.post("/api/images", files={"file": png()}).json()["id"]
        address = f"/api/tensors?size=8&input={name}"
        assert short.get(address).status_code == 200
        now[0] += 59
        assert short.get(f"{address}&seed=1").status_code == 200
        now[0] += 2
        assert_problem(short.get(address), 410)
        detail = assert_problem(short.get(f"{address}&seed=2"), 410)["detail"]
        assert "upload it again" in detail


# Operations


def test_openapi_document_mentions_no_other_host(client):
    for path in ("/docs", "/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert not re.search(r"\w+://|[\"'(]//", answer.text)
    assert client.get("/static/vendor/swagger-ui/swagger-ui-bundle.js").status_code == 200


@pytest.mark.parametrize(
    "path",
    [*GETS, "/", "/docs", "/openapi.json", "/healthz", "/nothing", "/static/favicon.svg", "/api/layer?stride=99"],
)
def test_every_response_has_security_headers(client, path):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_health(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_equal_requests_at_once_are_computed_once(monkeypatch):
    calls, asked, all_asked = [], [], threading.Event()

    def counted(*arguments):
        calls.append(arguments)
        assert all_asked.wait(30)
        return run_job(*arguments)

    async def get_or_compute(self, key, work, client=None, **options):
        asked.append(key)
        if len(asked) == 20:
            all_asked.set()
        return await Compute.get_or_compute(self, key, work, client, **options)

    monkeypatch.setattr(here, "run_job", counted)
    monkeypatch.setattr(main, "Compute", type("Counting", (Compute,), {"get_or_compute": get_or_compute}))

    async def ask():
        transport = httpx2.ASGITransport(app=create_app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await asyncio.gather(*(client.get(f"/api/tensors?{SMALL}") for _ in range(20)))

    # In a thread of its own: the browser's tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as apart:
        answers = apart.submit(asyncio.run, ask()).result()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(calls) == 1


# Guards


def test_uploads_beyond_the_limit_at_once_get_503(client, monkeypatch):
    files = {"file": ("a.png", png())}
    monkeypatch.setattr(guards, "MAX_UPLOADS_AT_ONCE", 1)
    assert [client.post("/api/images", files=files).status_code for _ in range(2)] == [201, 201]
    monkeypatch.setattr(guards, "MAX_UPLOADS_AT_ONCE", 0)
    refused = client.post("/api/images", files=files)
    assert_problem(refused, 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert client.get("/api/layer").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"sec-fetch-site": "same-origin"}, 201),
        ({"origin": "http://localhost"}, 201),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_cross_site_upload_is_refused(client, headers, status):
    answer = client.post("/api/images", files={"file": png()}, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert_problem(answer, 403)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
def test_unknown_host_is_refused(client, host):
    assert_problem(client.get("/api/layer", headers={"host": host}), 400)


def test_query_that_is_too_long_is_a_problem(client):
    assert_problem(client.get(f"/api/layer?seed={'1' * 3000}"), 414)


def test_busy_server_answers_503_with_retry_after(monkeypatch, client):
    async def refuse(*_arguments, **_options):
        raise Busy("the server is busy: 64 computations wait already; try again in 3 s", 3)

    monkeypatch.setattr(Compute, "get_or_compute", refuse)
    answer = client.get(f"/api/tensors?{SMALL}&seed=77")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["access-control-allow-origin"] == "*"
    # Figures and costs do not wait for it.
    assert client.get("/diagrams/separable.svg").status_code == 200
    assert client.get("/api/layer").status_code == 200


def test_readiness_names_what_is_not_ready(client):
    assert client.get("/readyz").json() == {"status": "ready", "without": []}
    client.app.state.services.stopping.set()
    try:
        detail = assert_problem(client.get("/readyz"), 503)["detail"]
        assert "stopping" in detail
    finally:
        client.app.state.services.stopping.clear()


def test_metrics_count_requests_and_computations(client):
    def counted():
        text = client.get("/metrics").text
        return float(re.search(r'sepviz_requests_total\{route="/api/code",status="200"\} ([\d.]+)', text)[1])

    client.get("/api/code")
    before = counted()
    client.get("/api/code")
    assert counted() == before + 1


def test_access_log_has_one_line_per_request_without_its_query(client, caplog):
    with caplog.at_level("INFO", "sepviz.access"):
        client.get("/diagrams/cost.svg?title=secret")
    (line,) = caplog.messages
    told = json.loads(line)
    assert {"method": "GET", "path": "/diagrams/cost.svg", "status": 200}.items() <= told.items()
    assert "secret" not in line


# Other kinds of file


def test_figures_as_png_and_pdf(client):
    picture = client.get("/diagrams/cost.png?width=300")
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).width == 600
    page = client.get("/diagrams/cost.pdf")
    assert page.headers["content-type"] == "application/pdf"
    assert page.content.startswith(b"%PDF-")
    assert client.get("/diagrams/cost.gif").status_code == 404


def test_maps_as_svg(client):
    answer = client.get(f"/feature-maps/depthwise.svg?{SMALL}")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.count("<image") == 2 + 1  # and the colour bar


def test_tensors_as_npz_are_those_of_safetensors(client):
    tensors = load(client.get(f"/api/tensors?{SMALL}").content)
    with np.load(io.BytesIO(client.get(f"/api/tensors?{SMALL}&format=npz").content)) as arrays:
        assert set(arrays) == set(tensors)
        for name, tensor in tensors.items():
            assert np.array_equal(arrays[name], tensor.numpy())


@pytest.mark.parametrize(("form", "media_type"), [("csv", "text/csv"), ("markdown", "text/markdown")])
def test_costs_as_tables(client, form, media_type):
    answer = client.get(f"/api/layer?in_channels=64&out_channels=128&size=112&format={form}")
    assert answer.headers["content-type"].startswith(media_type)
    assert "109985792" in answer.text.replace(",", "")
    assert "924844032" in answer.text.replace(",", "")


@given(layers(plain=False), st.integers(1, 9), st.integers(0, 3))
def test_view_contains_the_fragment_and_the_maps(client, spec, tile, last):
    asked = f"{spec.query()}&channels=0-{last}&tile={tile}"
    held, view = client.get(f"/api/tensors?{asked}&dtype=uint8"), client.get(f"/view?{asked}")
    assert view.status_code == held.status_code == 200
    assert view.headers["cache-control"] == "public, max-age=60"
    found, wanted = load(view.content), load(held.content)
    assert {name for name in found if not name.endswith(".values")} == wanted.keys()
    assert all((found[name] == wanted[name]).all() for name in wanted)
    length = int.from_bytes(view.content[:8], "little")
    told = json.loads(view.content[8 : 8 + length])["__metadata__"]
    assert told["fragment"] == client.get(f"/fragment?{spec.query()}").text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("in_channels=5&channels=1-3", ["green", "blue", "edges 0°, 4 px"]),
        ("in_channels=1", ["luminance"]),
        ("in_channels=2&input=camera", ["luminance", "edges 0°, 4 px"]),
        ("input=noise", []),
    ],
)
def test_view_names_the_channels_of_a_picture(client, query, names):
    content = client.get(f"/view?size=8&{query}").content
    told = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    assert json.loads(told["input.names"]) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"depthwise": ["Sobel x", "Sobel y", "Laplacian"], "pointwise": []}),
        ("in_channels=4&channels=1-2", {"depthwise": ["Sobel y", "Laplacian"], "pointwise": []}),
        ("kind=spatially-separable&in_channels=1", {"vertical": ["Sobel x"], "horizontal": ["Sobel x"]}),
        ("kernel_size=1", {"depthwise": ["identity"] * 3, "pointwise": []}),
        ("weights=random", {"depthwise": [], "pointwise": []}),
        ("kind=standard", {"standard": []}),
    ],
)
def test_view_names_the_kernels_of_classic_weights(client, query, names):
    content = client.get(f"/view?size=8&{query}").content
    metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    suffix = ".weight.names"
    found = {name.removesuffix(suffix): json.loads(text) for name, text in metadata.items() if name.endswith(suffix)}
    assert found == names


@pytest.mark.parametrize(
    ("address", "status", "parameter"),
    [
        ("/use/diagrams/nosuch", 404, "name"),
        ("/diagrams/cost.gif", 404, "form"),
        ("/use/feature-maps/nosuch", 404, "stage"),
        ("/api/code?framework=nosuch", 404, "framework"),
        ("/oembed?url=https://example.org/", 404, "url"),
        (f"/api/tensors?input=upload-{'0' * 32}", 410, "input"),
        (f"/api/layer?seed={'1' * 3000}", 414, "query"),
    ],
)
def test_every_error_names_its_parameter(client, address, status, parameter):
    answer = client.get(address)
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["parameter"] == parameter
    assert error["detail"]


@pytest.mark.parametrize(
    ("data", "status"), [(b"no picture", 415), (b"\x89PNG\r\n\x1a\n", 422), (b"GIF89a" + bytes(9 * 2**20), 413)]
)
def test_every_refused_upload_names_the_file(client, data, status):
    answer = client.post("/api/images", files={"file": ("a.png", data)})
    assert answer.status_code == status
    assert [error["parameter"] for error in answer.json()["errors"]] == ["file"]


def test_form_with_two_pictures_is_refused(client):
    answer = client.post("/api/images", files=[("file", ("a.png", b"1")), ("file", ("b.png", b"2"))])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["value"], error["allowed"]) == ("file", "2 pictures", "send one")


def test_invalid_form_names_the_file(client):
    answer = client.post("/api/images", content=b"none", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == ["file"]


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "https://evil.example"])
def test_invalid_origin_is_refused(client, origin):
    answer = client.post("/api/images", files={"file": ("a.png", b"1")}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("rest", ["//[", "//\u2100", "/\t/[", "//evil.example/embed", "///embed", "/nosuch"])
def test_oembed_of_another_address_is_404(client, rest):
    answer = client.get("/oembed", params={"url": f"http://localhost{rest}"})
    assert answer.status_code == 404
    assert [error["parameter"] for error in answer.json()["errors"]] == ["url"]


@pytest.mark.parametrize("path", ["/view", "/api/tensors", "/feature-maps/input.png", "/feature-maps/input/0.png"])
def test_matching_etag_of_an_expired_upload_gets_410(monkeypatch, path):
    clock = Clock()
    with TestClient(create_app(Settings(), clock), base_url="http://localhost") as client:
        name = client.post("/api/images", files={"file": ("a.png", png())}).json()["id"]
        seen = client.get(f"{path}?{SMALL}&input={name}")
        held = {"If-None-Match": seen.headers["etag"]}
        assert client.get(f"{path}?{SMALL}&input={name}", headers=held).status_code == 304
        clock.now += 10_000
        assert client.get(f"{path}?{SMALL}&input={name}", headers=held).status_code == 410


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/api/tensors?input={FORGOTTEN}", 410),
        ("/api/tensors?in_channels=512&out_channels=1024&size=512&kernel_size=31", 422),
        ("/diagrams/separable.svg?size=8&kernel_size=31&padding=valid", 422),
        ("/api/layer", 304),
        ("/view?size=8", 304),
    ],
)
def test_if_none_match_star_gets_304_only_for_existing_entities(client, address, status):
    assert client.get(address, headers={"If-None-Match": "*"}).status_code == status


@pytest.mark.parametrize(
    ("count", "told"),
    [(64, "64"), (17_920, "17,920"), (109_760, "0.11 M"), (3_538_944, "3.54 M"), (2 * 10**9, "2.00 G")],
)
def test_small_count_of_macs_is_not_rounded_to_zero(count, told):
    assert format_macs(count) == told
