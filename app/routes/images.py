"""Uploaded pictures."""

from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import JSONResponse

from app.inputs.images import MAX_BYTES
from app.routes.services import Provided

router = APIRouter(tags=["pictures"])

# The form around the picture: its boundary lines and part headers.
FORM_BYTES = 64 * 1024


@router.post("/api/images", status_code=201, max_body_size=MAX_BYTES + FORM_BYTES)
async def upload(file: Annotated[UploadFile, File()], services: Provided) -> JSONResponse:
    """Keep a picture for half an hour, decoded; its `id` is an `input`."""
    data = await file.read()
    picture = await services.decoder.decode(data)
    document = {
        "id": services.inputs.store.add(picture),
        "width": picture.width,
        "height": picture.height,
        "frames": picture.frames,
        "used": 1,
        "notes": picture.notes,
        "kept_seconds": services.inputs.store.seconds,
    }
    return JSONResponse(document, 201, headers={"Cache-Control": "no-store"})
