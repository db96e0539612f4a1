"""Uploaded pictures."""

from asyncio import to_thread
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import JSONResponse

from sepviz.errors import BadParameter, InvalidParameters, UploadsOff
from sepviz.pictures.decoding import MAX_BYTES
from sepviz.web.computed import client_of
from sepviz.web.services import Provided

router = APIRouter(tags=["pictures"])

# The form around the picture: its boundary lines and part headers.
FORM_BYTES = 64 * 1024


async def _check_limits(request: Request, services: Provided) -> None:
    if not services.settings.uploads:
        raise UploadsOff("file: this server takes no pictures; a sample or a generated tensor would fit, as `input`")
    await services.rate_limiter.hit(client_of(request).address)


@router.post(
    "/api/images", status_code=201, max_body_size=MAX_BYTES + FORM_BYTES, dependencies=[Depends(_check_limits)]
)
async def upload(files: Annotated[list[UploadFile], File(alias="file")], services: Provided) -> JSONResponse:
    """Store a picture for a while, decoded; its `id` is an `input`.

    `width` and `height` are those of the upright picture, `used` is the box of it that a square layer gets, in its
    pixels.
    """
    if len(files) > 1:
        raise InvalidParameters([BadParameter("file", f"{len(files)} pictures", "send one", "more than one")])
    data = await files[0].read()
    picture = await services.decoder.decode(data)
    document = {
        "id": await to_thread(services.store.add, picture.content),
        "width": picture.width,
        "height": picture.height,
        "frames": picture.frames,
        "used": asdict(picture.used),
        "notes": picture.notes,
        "kept_seconds": services.settings.upload_seconds,
    }
    return JSONResponse(document, 201, headers={"Cache-Control": "no-store"})
