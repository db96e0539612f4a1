"""`Inputs`: the input tensor of a spec, from a sample, an uploaded picture or a formula."""

import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from cachetools import TTLCache
from PIL import Image

from sepviz.layer.spec import GENERATED, LayerSpec
from sepviz.pictures.box import centred_box
from sepviz.pictures.codec import Pixels, decode_picture, has_colour
from sepviz.pictures.samples import sample_pixels
from sepviz.tensors.channel_expansion import channel_names, expand, luminance
from sepviz.tensors.generated import Shape, generate

# A tensor made of an uploaded picture is dropped a minute after the picture.
KEPT_SECONDS = 60

# Input, height and width, the seed where it matters, and whether it is the luminance of a colour picture.
Key = tuple[str, Shape, int, bool]


class Inputs:
    """The input tensors of specs, with a cache. Safe across threads.

    For each input and shape the cache has the most channels that were computed, up to `cache_bytes` together and for
    `KEPT_SECONDS` by `clock`: fewer channels are a slice of them, more are added to them. `picture` is the stored
    content (`sepviz.pictures.codec`) of the upload that a spec names, None where it names none.
    """

    def __init__(self, cache_bytes: int = 64 * 2**20, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        # (1, height, width, channels) in memory; tensors are returned as (1, channels, height, width).
        self._widest: TTLCache[Key, torch.Tensor] = TTLCache(
            cache_bytes, KEPT_SECONDS, timer=clock, getsizeof=lambda tensor: tensor.nbytes
        )

    def names(self, spec: LayerSpec, picture: bytes | None = None) -> tuple[str, ...]:
        """Short words for each channel of the input; none of a generated tensor, whose channels are all alike."""
        if picture is None and spec.input in GENERATED:
            return ()
        return channel_names(_has_colour(spec, picture), spec.in_channels)

    @torch.inference_mode()
    def tensor(self, spec: LayerSpec, picture: bytes | None = None) -> torch.Tensor:
        """The input: float32, (1, in_channels, height, width), in `channels_last`; pictures are in [0, 1].

        A picture is cut, centred, to the proportions of the shape and resampled. Band-pass channels and noise are
        signed. Never write to the tensor: it may be in the cache.
        """
        is_luminance = spec.in_channels == 1 and spec.input not in GENERATED and _has_colour(spec, picture)
        key = (spec.input, spec.size, spec.seed if spec.input == "noise" else 0, is_luminance)
        with self._lock:
            cached = self._widest.get(key)
        if cached is None or cached.shape[-1] < spec.in_channels:
            cached = self._compute(spec, picture, is_luminance, cached)
            self._store(key, cached)
        return cached[..., : spec.in_channels].contiguous().permute(0, 3, 1, 2)

    def _compute(
        self, spec: LayerSpec, picture: bytes | None, is_luminance: bool, narrower: torch.Tensor | None
    ) -> torch.Tensor:
        if spec.input in GENERATED:
            return _channels_last(generate(spec.input, spec.in_channels, spec.size, spec.seed))
        pixels = sample_pixels(spec.input) if picture is None else decode_picture(picture)
        planes = _resampled(pixels, spec.size)
        if is_luminance:
            return _channels_last(luminance(planes))
        start = narrower.shape[-1] if narrower is not None else 0
        added = _channels_last(expand(planes, start, spec.in_channels))
        return added if narrower is None else torch.cat([narrower, added], dim=-1)

    def _store(self, key: Key, computed: torch.Tensor) -> None:
        if computed.nbytes > self._widest.maxsize:
            return
        with self._lock:
            cached = self._widest.get(key)
            if cached is None or cached.shape[-1] < computed.shape[-1]:
                self._widest[key] = computed


def _has_colour(spec: LayerSpec, picture: bytes | None) -> bool:
    return sample_pixels(spec.input).ndim == 3 if picture is None else has_colour(picture)


def _channels_last(planes: torch.Tensor) -> torch.Tensor:
    """(channels, height, width) as (1, height, width, channels), in that order in memory."""
    channels, height, width = planes.shape
    return planes.reshape(channels, -1).T.contiguous().view(1, height, width, channels)


def _resampled(pixels: Pixels, shape: Shape) -> torch.Tensor:
    """The centred part of a picture with the proportions of the shape, (3 or 1, height, width), in [0, 1]."""
    height, width = shape
    image = Image.fromarray(pixels).crop(centred_box(pixels.shape[1], pixels.shape[0], shape).edges)
    resampled = np.array(image.resize((width, height), Image.Resampling.LANCZOS))
    planes = torch.from_numpy(resampled).float().div_(255)
    return planes.permute(2, 0, 1) if planes.ndim == 3 else planes[None]
