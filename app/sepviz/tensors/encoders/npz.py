"""`encode_npz`: a trace as a NumPy archive."""

import io
import json
from zipfile import ZipFile

import numpy as np

from sepviz.encoded import DType, Encoded
from sepviz.tensors.encoders.tensors import collect_tensors
from sepviz.tensors.trace import Trace

MEDIA_TYPE = "application/zip"


def encode_npz(trace: Trace, dtype: DType = "float32", tile: int | None = None) -> Encoded:
    """The arrays of the safetensors file, for `numpy.load`; its metadata, as JSON, is the archive's comment."""
    tensors, metadata = collect_tensors(trace, dtype, tile)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: tensor.numpy() for name, tensor in tensors.items()})
    with ZipFile(buffer, "a") as archive:
        archive.comment = json.dumps(metadata).encode()
    return Encoded(buffer.getvalue(), MEDIA_TYPE)
