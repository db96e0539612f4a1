"""Uploads: the newest wins, what is said belongs to the picture that is shown, and nothing is lost without a word."""

import io
import json
import re
import struct
import time

import httpx2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from safetensors.numpy import load
from sepviz.pictures import decoding, formats

REFUSED = "40[0-9]|41[0-9]|422|503"
UPLOAD = "upload-[0-9a-f]{32}"
RNG = np.random.default_rng(5)
PROBLEM = "#upload-problem"
NOTE = "#picture-note"

CARRIED = """([type, carried]) => {
  const transfer = new DataTransfer();
  for (const [format, text] of Object.entries(carried)) transfer.setData(format, text);
  const event = type === "drop"
    ? new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer })
    : new ClipboardEvent("paste", { bubbles: true, clipboardData: transfer });
  document.body.dispatchEvent(event);
}"""


def saved(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(width, height):
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), np.uint8))


def scene(width, height):
    """Smooth colours with edges, different in every corner."""
    x, y = np.meshgrid(np.linspace(0, 255, width, dtype=np.float32), np.linspace(0, 255, height, dtype=np.float32))
    colours = np.stack([x, y, (x + y) / 2], axis=-1)
    colours[height // 4 : height // 2, width // 3 : width // 2] = (250, 20, 60)
    return Image.fromarray(colours.astype(np.uint8))


def file(content, name="mine.png", kind="image/png"):
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page, *arguments, **options):
    page.locator("#upload input").set_input_files(file(*arguments, **options))


def shown_input(page):
    return re.search(UPLOAD, page.locator("html").get_attribute("data-painted"))[0]


def uploaded(server, content):
    return httpx2.post(f"{server}/api/images", files={"file": content}, timeout=60).json()["id"]


def kept(server, name):
    """The first three channels of an upload as the layer gets them at 512 x 512, (height, width, 3), 0 to 255."""
    address = f"{server}/api/tensors?input={name}&size=512&in_channels=3&out_channels=1&stages=input"
    return load(httpx2.get(address, timeout=60).content)["input"].transpose(1, 2, 0) * 255


def hold(page):
    """The uploads that were sent, in their order; none arrives before it is continued."""
    held = []
    page.route("**/api/images", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks at its signature
    return held


def sent(page, held, count):
    """Waits until so many uploads were sent."""
    until = time.monotonic() + 60
    while len(held) < count:
        assert time.monotonic() < until, f"{len(held)} uploads of {count}"
        page.evaluate("0")  # what has happened meanwhile is handled


def assert_shown(page, name, size):
    """Choice, note, thumbnail and picture are those of one upload."""
    assert shown_input(page) == name
    expect(page.locator(NOTE)).to_contain_text(size)
    expect(page.locator(".uploaded input")).to_have_value(name)
    expect(page.get_by_label("your picture")).to_be_checked()
    expect(page.locator("#picture-thumbnail canvas")).to_be_visible()
    expect(page.locator("#upload-progress")).to_be_hidden()


def test_the_newest_of_two_uploads_wins_whichever_arrives_first(visit, painted, server):
    first, second = saved(noise(50, 40)), saved(noise(30, 60))
    page = visit()
    held = hold(page)
    choose(page, first)
    sent(page, held, 1)
    choose(page, second)
    sent(page, held, 2)
    with page.expect_response("**/api/images"):
        held[1].continue_()
    held[0].continue_()
    painted(page, input=UPLOAD)
    assert_shown(page, uploaded(server, second), "30 × 60")


def test_a_small_picture_chosen_after_a_large_one_wins(visit, painted, server):
    large, small = saved(noise(2400, 1600), "JPEG", quality=90), saved(noise(30, 60))
    page = visit()
    choose(page, large, "large.jpg", "image/jpeg")
    choose(page, small)
    painted(page, input=uploaded(server, small))
    assert_shown(page, uploaded(server, small), "30 × 60")
    expect(page.locator(PROBLEM)).to_be_empty()


def test_note_thumbnail_and_choice_follow_the_history(visit, painted, server):
    first, second = saved(noise(50, 40)), saved(noise(30, 60))
    page = visit()
    for content in (first, second):
        choose(page, content)
        painted(page, input=uploaded(server, content))
    assert_shown(page, uploaded(server, second), "30 × 60")
    page.go_back()
    painted(page, input=uploaded(server, first))
    assert_shown(page, uploaded(server, first), "50 × 40")
    page.go_forward()
    painted(page, input=uploaded(server, second))
    assert_shown(page, uploaded(server, second), "30 × 60")
    page.locator('input[value="coffee"]').check(force=True)
    painted(page, input="coffee")
    expect(page.locator(NOTE)).to_be_empty()
    expect(page.locator("#picture-thumbnail")).to_be_hidden()
    expect(page.locator(".uploaded")).to_be_visible()


def test_a_sample_chosen_during_an_upload_wins(visit, painted):
    page = visit()
    held = hold(page)
    choose(page, saved(noise(50, 40)))
    sent(page, held, 1)
    page.locator('input[value="coffee"]').check(force=True)
    painted(page, input="coffee")
    expect(page.locator("#upload-progress")).to_be_hidden()
    expect(page.locator('input[value="coffee"]')).to_be_checked()
    expect(page.locator(".uploaded")).to_be_hidden()


def test_an_upload_is_chosen_at_once_and_shows_progress(visit, painted):
    page = visit()
    held = hold(page)
    choose(page, saved(noise(50, 40)))
    sent(page, held, 1)
    expect(page.get_by_label("your picture")).to_be_checked()
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(page.locator(NOTE)).to_have_text("Sending your picture.")
    expect(page.locator("#picture-thumbnail canvas")).to_be_visible()
    # A change of the layer meanwhile does not end it.
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5, input="chelsea")
    expect(page.get_by_label("your picture")).to_be_checked()
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    held[0].continue_()
    painted(page, kernel_size=5, input=UPLOAD)
    assert_shown(page, shown_input(page), "50 × 40")


def test_progress_is_the_share_that_is_sent(visit, painted):
    page = visit()
    page.evaluate("""() => {
      window.shares = [];
      const watch = () => shares.push(document.getElementById("upload-progress").getAttribute("value"));
      new MutationObserver(watch).observe(document.getElementById("upload-progress"), { attributeFilter: ["value"] });
      XMLHttpRequest.prototype.send = new Proxy(XMLHttpRequest.prototype.send, {
        apply(send, request, parameters) {
          request.upload.dispatchEvent(new ProgressEvent("progress", { loaded: 25, total: 100 }));
          queueMicrotask(() => Reflect.apply(send, request, parameters));
        },
      });
    }""")
    choose(page, saved(noise(50, 40)))
    painted(page, input=UPLOAD)
    assert "0.25" in page.evaluate("shares")


def test_a_busy_server_gets_the_upload_again(visit, painted):
    page = visit(allow="503")
    times = []

    def answer(route):
        times.append(route)
        if len(times) > 1:
            route.continue_()
            return
        headers = {"Content-Type": "application/problem+json", "Retry-After": "1"}
        route.fulfill(status=503, headers=headers, body=json.dumps({"detail": "the server is busy"}))

    page.route("**/api/images", answer)
    choose(page, saved(noise(50, 40)))
    expect(page.locator(NOTE)).to_contain_text("the server is busy. Your picture is sent again by itself.")
    painted(page, input=UPLOAD)
    assert len(times) == 2


def test_a_refused_upload_is_explained_beside_the_upload(visit, painted):
    page = visit(allow=REFUSED)
    choose(page, saved(noise(50, 40))[:60])
    problem, button = page.locator(PROBLEM), page.locator("#upload input")
    expect(problem).to_contain_text("this PNG file")
    below = page.locator("#upload").bounding_box()
    assert 0 <= problem.bounding_box()["y"] - below["y"] - below["height"] < 20
    assert button.get_attribute("aria-describedby") == problem.get_attribute("id")
    assert problem.get_attribute("aria-live") == "polite"
    expect(button).to_have_attribute("aria-invalid", "true")
    expect(page.locator('input[value="chelsea"]')).to_be_checked()
    expect(page.locator('[data-problem="page"]')).to_be_empty()
    painted(page, input="chelsea")
    choose(page, saved(noise(50, 40)))
    painted(page, input=UPLOAD)
    expect(problem).to_be_empty()
    expect(button).to_have_attribute("aria-invalid", "false")


def test_an_unreachable_server_is_said_beside_the_upload(visit):
    page = visit(allow="ERR_FAILED")
    page.route("**/api/images", lambda route: route.abort())
    choose(page, saved(noise(50, 40)))
    expect(page.locator(PROBLEM)).to_have_text("The server cannot be reached; your picture was not sent.")
    expect(page.locator('input[value="chelsea"]')).to_be_checked()


@pytest.mark.parametrize("way", ["drop", "paste"])
@pytest.mark.parametrize(
    "carried",
    [
        {"text/uri-list": "https://example.org/cat.jpg", "text/plain": "https://example.org/cat.jpg"},
        {"text/plain": "https://example.org/cat.jpg"},
        {"text/html": '<img src="https://example.org/cat.jpg" alt="a cat">', "text/plain": "a cat"},
        {"text/uri-list": "data:image/png;base64,AAAA"},
    ],
)
def test_an_address_of_a_picture_is_answered_in_words(visit, way, carried):
    page = visit()
    page.evaluate(CARRIED, [way, carried])
    expect(page.locator(PROBLEM)).to_contain_text("the address of a picture")


def test_text_is_left_to_fields_and_refused_elsewhere(visit):
    page = visit()
    page.evaluate(CARRIED, ["paste", {"text/plain": "hello"}])
    expect(page.locator(PROBLEM)).to_be_empty()
    is_left = """(field) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("text/plain", "5");
      return field.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
    }"""
    assert page.locator("#kernel_size-number").evaluate(is_left)
    expect(page.locator(PROBLEM)).to_be_empty()
    page.evaluate(CARRIED, ["drop", {"text/plain": "hello"}])
    expect(page.locator(PROBLEM)).to_contain_text("no picture")


def test_a_picture_that_is_gone_is_said_to_be_in_words(visit):
    page = visit(f"/?input=upload-{'0' * 32}", allow="410")
    problem = page.locator('[data-problem="input"]')
    expect(problem).to_contain_text("not kept any more")
    expect(problem).to_contain_text("upload it again")
    assert "00000" not in page.locator("body").inner_text()


def test_the_limits_are_those_of_the_server(visit):
    limits = json.loads(visit().locator("#upload").get_attribute("data-limits"))
    assert limits == {
        "bytes": decoding.MAX_BYTES,
        "pixels": decoding.MAX_PIXELS,
        "side": decoding.MAX_SIDE,
        "kept": decoding.MAX_KEPT_SIDE,
        "least": decoding.MIN_KEPT_SIDE,
        "formats": list(formats.FORMATS),
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_picture_within_the_limits_is_sent_as_it_is(visit, painted, server, kind):
    content = saved(noise(700, 530), kind)
    page = visit()
    choose(page, content, f"mine.{kind.lower()}", f"image/{kind.lower()}")
    painted(page, input=uploaded(server, content))
    expect(page.locator(NOTE)).not_to_contain_text("your browser")


def assert_near(got, reference):
    """The same picture, reduced in another way."""
    difference = np.abs(got - np.asarray(reference, np.float32))
    assert difference.mean() < 2
    assert np.quantile(difference, 0.99) < 8


def centred(picture, side=512):
    width, height = picture.size
    left, top, least = (width - min(picture.size)) // 2, (height - min(picture.size)) // 2, min(picture.size)
    return picture.resize((side, side), Image.Resampling.LANCZOS, (left, top, left + least, top + least))


def test_a_picture_of_48_megapixels_is_reduced_in_the_browser(visit, painted, server):
    picture = scene(8000, 6000)
    page = visit()
    choose(page, saved(picture, "JPEG", quality=90), "camera.jpg", "image/jpeg")
    painted(page, input=UPLOAD)
    expect(page.locator(NOTE)).to_contain_text("8000 × 6000, of which 6000 × 6000 is used, as marked.")
    expect(page.locator(NOTE)).to_contain_text(
        "This server takes at most 25 megapixels: your browser reduced it to 2048 × 1536 and sent it as PNG."
    )
    expect(page.locator(NOTE)).not_to_contain_text("transparency")
    assert_near(kept(server, shown_input(page)), centred(picture))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_picture_that_is_reduced_in_the_browser_stays_upright(visit, painted, server, orientation):
    picture = scene(6200, 4200)
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = visit()
    choose(page, saved(picture, "JPEG", quality=90, exif=exif), "camera.jpg", "image/jpeg")
    painted(page, input=UPLOAD)
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}[orientation]
    upright = picture.transpose(turn)
    expect(page.locator(NOTE)).to_contain_text(f"{upright.width} × {upright.height}, of which")
    assert_near(kept(server, shown_input(page)), centred(upright))


def test_a_picture_of_15_mebibytes_is_reduced_in_the_browser(visit, painted, server):
    picture = Image.blend(scene(4400, 3300), noise(4400, 3300), 0.1)
    # As of a phone that appends a film to its JPEG.
    content = saved(picture, "JPEG", quality=95)
    content += bytes(int(14.9 * 2**20) - len(content))
    page = visit()
    choose(page, content, "camera.jpg", "image/jpeg")
    painted(page, input=UPLOAD)
    expect(page.locator(NOTE)).to_contain_text("This server takes at most 8 MiB: your browser reduced it")
    assert_near(kept(server, shown_input(page)), centred(picture))


def test_a_picture_that_is_too_long_is_reduced_in_the_browser(visit, painted):
    page = visit()
    choose(page, saved(scene(13000, 100)))
    painted(page, input=UPLOAD)
    expect(page.locator(NOTE)).to_contain_text(
        "This server takes at most 12,000 pixels a side: your browser reduced it"
    )


def svg(content, size='width="24" height="24"'):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{content}</svg>'.encode()


@pytest.mark.parametrize(
    ("size", "shown", "sent"),
    [
        ('width="24" height="24"', "24 × 24", "enlarged it to 2048 × 2048 and sent it"),
        ('width="2400" height="2400" viewBox="0 0 24 24"', "2400 × 2400", "reduced it to 2048 × 2048 and sent it"),
        ('width="2048" height="2048" viewBox="0 0 24 24"', "2048 × 2048", "sent it"),
    ],
)
def test_svg_is_drawn_in_the_browser(visit, painted, server, size, shown, sent):
    page = visit(allow="415")
    choose(page, svg('<rect width="12" height="24" fill="red"/>', size), "drawing.svg", "image/svg+xml")
    painted(page, input=UPLOAD)
    expect(page.locator(NOTE)).to_contain_text(f"{shown}.")
    expect(page.locator(NOTE)).to_contain_text(f"This server does not take this SVG file: your browser {sent} as PNG.")
    got = kept(server, shown_input(page))
    # Resampling rings beside the edge.
    assert (got[:, :252] == (255, 0, 0)).all()
    assert (got[:, 260:] == 255).all()


def unusual_bmp(picture):
    """Red in three bits, as nobody writes it and every browser shows it."""
    masks = np.array([0xE0, 0x1C, 0x03, 0], "<u4")
    pixels = np.asarray(picture, np.uint16)
    packed = (pixels[..., 0] >> 5 << 5 | pixels[..., 1] >> 5 << 2 | pixels[..., 2] >> 6).astype("<u2")[::-1]
    header = struct.pack("<IiiHHIIiiII", 56, *picture.size, 1, 16, 3, packed.nbytes, 0, 0, 0, 0)
    content = header + masks.tobytes() + packed.tobytes()
    return struct.pack("<2sIHHI", b"BM", 14 + len(content), 0, 0, 70) + content


# Colours that every depth can hold.
PRIMARIES = scene(64, 64).point(lambda value: 255 * (value > 127))


@pytest.mark.parametrize(
    ("content", "name", "type_"),
    [
        (saved(PRIMARIES, "ICO", sizes=[(64, 64)]), "favicon.ico", "image/vnd.microsoft.icon"),
        (unusual_bmp(PRIMARIES), "masks.bmp", "image/bmp"),
    ],
)
def test_what_only_the_browser_shows_is_sent_as_png(visit, painted, server, content, name, type_):
    page = visit(allow="415")
    choose(page, content, name, type_)
    painted(page, input=UPLOAD)
    kind = name[-3:].upper()
    expect(page.locator(NOTE)).to_contain_text(
        f"64 × 64. This server does not take this {kind} file: your browser sent it as PNG."
    )
    assert shown_input(page) == uploaded(server, saved(PRIMARIES))


def test_what_the_browser_draws_and_does_not_give_away_is_refused_in_words(visit):
    html = '<foreignObject width="24" height="24"><p xmlns="http://www.w3.org/1999/xhtml">a</p></foreignObject>'
    page = visit(allow="415")
    choose(page, svg(html), "drawing.svg", "image/svg+xml")
    expect(page.locator(PROBLEM)).to_have_text(
        "This server does not take this SVG file, and this browser cannot reduce this SVG file; "
        "a PNG, JPEG, WebP, GIF, BMP, or AVIF of at most 8 MiB would fit."
    )
    expect(page.locator("#upload-progress")).to_be_hidden()


def test_a_file_whose_name_is_wrong_is_taken_by_its_content(visit, painted, server):
    content = saved(noise(50, 40))
    page = visit()
    choose(page, content, "photo.heic", "image/heic")
    painted(page, input=uploaded(server, content))
    expect(page.locator(NOTE)).not_to_contain_text("your browser")


def test_a_thumbnail_is_drawn_once(visit, painted):
    page = visit()
    choose(page, saved(noise(50, 40)))
    painted(page, input=UPLOAD)
    page.evaluate("""() => {
      window.draws = 0;
      const draw = CanvasRenderingContext2D.prototype.drawImage;
      CanvasRenderingContext2D.prototype.drawImage = function (...parameters) {
        draws += parameters[0] instanceof HTMLImageElement;
        return draw.apply(this, parameters);
      };
    }""")
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5, input=UPLOAD)
    assert page.evaluate("draws") == 0
    expect(page.locator("#picture-thumbnail canvas")).to_be_visible()


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (HEIC, "photo.heic", "HEIC"),
        (saved(Image.new("RGB", (8, 8)), "TIFF"), "scan.tiff", "TIFF"),
    ],
)
def test_a_format_that_cannot_be_shown_is_named(visit, content, name, kind):
    page = visit(allow="415")
    choose(page, content, name, f"image/{kind.lower()}")
    expect(page.locator(PROBLEM)).to_contain_text(kind)
    expect(page.locator(PROBLEM)).to_contain_text("JPEG")


@pytest.mark.parametrize("kind", ["image/heic", ""])
def test_what_is_too_large_and_cannot_be_shown_is_named_and_not_sent(visit, kind):
    page = visit()
    requests = []
    page.on("request", lambda request: request.method == "POST" and requests.append(request.url))
    choose(page, HEIC + bytes(8 * 2**20), "photo.heic", kind)
    expect(page.locator(PROBLEM)).to_contain_text("This server takes at most 8 MiB")
    expect(page.locator(PROBLEM)).to_contain_text("cannot reduce this HEIC file")
    expect(page.locator(PROBLEM)).to_contain_text("JPEG")
    assert requests == []


def test_the_part_that_is_used_is_marked(visit, painted):
    page = visit()
    choose(page, saved(scene(400, 100)))
    painted(page, input=UPLOAD)
    expect(page.locator(NOTE)).to_contain_text("400 × 100, of which 100 × 100 is used, as marked.")
    image, mark = page.locator("#picture-thumbnail canvas"), page.locator("#picture-thumbnail span")
    assert "100 × 100 pixels, 150 from the left and 0 from the top" in image.get_attribute("aria-label").replace(
        "\xa0", " "
    )
    whole, part = image.bounding_box(), mark.bounding_box()
    shares = [(part["x"] - whole["x"]) / whole["width"], part["width"] / whole["width"]]
    assert shares == pytest.approx([150 / 400, 100 / 400], abs=0.01)
    assert part["height"] == pytest.approx(whole["height"], abs=0.1)


def test_a_square_picture_is_used_whole(visit, painted):
    page = visit()
    choose(page, saved(scene(90, 90)))
    painted(page, input=UPLOAD)
    expect(page.locator(NOTE)).to_contain_text("90 × 90.")
    expect(page.locator("#picture-thumbnail canvas")).to_have_attribute(
        "aria-label", "Uploaded picture; all of it is used"
    )
    expect(page.locator("#picture-thumbnail span")).to_be_hidden()
