"""`Inputs`: from a spec to its input tensor, whatever it is made of."""

import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from cachetools import TTLCache
from PIL import Image

from sepviz.layer.spec import GENERATED, LayerSpec
from sepviz.pictures.decoding import Pixels
from sepviz.pictures.samples import sample_pixels
from sepviz.tensors import channel_expansion
from sepviz.tensors.generated import generate

# What is made of a picture is gone a minute after the picture.
KEPT_SECONDS = 60

# Input, size, seed where it matters, and whether it is the one-channel form of a colour picture.
Key = tuple[str, int, int, bool]


class Inputs:
    """The input tensors of specs, some of them kept. Safe across threads.

    Of each input and size the most channels that were asked for are kept, up to `cache_bytes` together and for
    `KEPT_SECONDS` by `clock`: fewer channels are a slice of them, more are added to them.
    """

    def __init__(self, cache_bytes: int = 64 * 2**20, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        # (1, size, size, channels) in memory; tensors are handed out as (1, channels, size, size).
        self._widest: TTLCache[Key, torch.Tensor] = TTLCache(
            cache_bytes, KEPT_SECONDS, timer=clock, getsizeof=lambda kept: kept.nbytes
        )

    def names(self, spec: LayerSpec, picture: Pixels | None = None) -> tuple[str, ...]:
        """Short words for each channel of the input; none where it is generated, and its channels are all alike."""
        pixels = _pixels(spec, picture)
        return () if pixels is None else channel_expansion.names(pixels.ndim == 3, spec.in_channels)

    @torch.inference_mode()
    def tensor(self, spec: LayerSpec, picture: Pixels | None = None) -> torch.Tensor:
        """The input: float32, (1, in_channels, size, size), in `channels_last`; pictures are in [0, 1].

        `picture` is what was uploaded, where the spec names an upload. Never write to the tensor: others have the same
        one. Band-pass channels and noise are signed.
        """
        pixels = _pixels(spec, picture)
        lone = spec.in_channels == 1 and pixels is not None and pixels.ndim == 3
        key = (spec.input, spec.size.height, spec.seed if spec.input == "noise" else 0, lone)
        with self._lock:
            kept = self._widest.get(key)
        if kept is None or kept.shape[-1] < spec.in_channels:
            kept = self._computed(spec, pixels, lone, kept)
            self._keep(key, kept)
        return kept[..., : spec.in_channels].contiguous().permute(0, 3, 1, 2)

    def _computed(
        self, spec: LayerSpec, pixels: Pixels | None, lone: bool, narrower: torch.Tensor | None
    ) -> torch.Tensor:
        if pixels is None:
            return _channels_last(generate(spec.input, spec.in_channels, spec.size.height, spec.seed))
        picture = _resized(pixels, spec.size.height)
        if lone:
            return _channels_last(channel_expansion.luminance(picture))
        have = narrower.shape[-1] if narrower is not None else 0
        added = _channels_last(channel_expansion.channels(picture, have, spec.in_channels))
        return added if narrower is None else torch.cat([narrower, added], dim=-1)

    def _keep(self, key: Key, computed: torch.Tensor) -> None:
        if computed.nbytes > self._widest.maxsize:
            return
        with self._lock:
            now = self._widest.get(key)
            if now is None or now.shape[-1] < computed.shape[-1]:
                self._widest[key] = computed


def _pixels(spec: LayerSpec, picture: Pixels | None) -> Pixels | None:
    """The picture that the spec names: what was uploaded, or a sample; None where the input is generated."""
    return sample_pixels(spec.input) if picture is None and spec.input not in GENERATED else picture


def _channels_last(planes: torch.Tensor) -> torch.Tensor:
    """(channels, size, size) as (1, size, size, channels), in that order in memory."""
    channels, height, width = planes.shape
    return planes.reshape(channels, -1).T.contiguous().view(1, height, width, channels)


def _resized(pixels: Pixels, size: int) -> torch.Tensor:
    """A square picture at this size, (3 or 1, size, size), in [0, 1]."""
    resized = np.array(Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS))
    planes = torch.from_numpy(resized).float() / 255
    return planes.permute(2, 0, 1) if planes.ndim == 3 else planes[None]
