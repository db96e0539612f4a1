"""What the lens "As one standard kernel" shows, for JSON."""

from typing import Any

import torch
from torch import Tensor

from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.composed import ComposedKernel, ComposedOutput, compose, is_normalized_between, is_one_convolution
from sepviz.tensors.encoders.kernel_cells import kernel_cells, kernel_domain
from sepviz.tensors.encoders.map_picture import common_domain, picture_of
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.weights import kernels

MAX_LINES = 4  # kernels below each other
FEWER_LINES = 3  # where some are left out
MAX_TERMS = 2  # of one channel
MAX_OUTPUTS = 8  # whose weights stand beside each other
FEWER_OUTPUTS = 6  # where their numbers have four digits
BIAS_DECIMALS = 7


@torch.inference_mode()
def composed_lens(spec: LayerSpec, channel: int, inputs: Inputs, picture: bytes | None) -> dict[str, Any]:
    """The composed kernel of an output, and both maps; raises what `compose` raises."""
    planned = plan(spec)
    found = compose(spec, channel, inputs, picture)
    names = inputs.names(spec, picture)
    outputs = _outputs(spec.out_channels, channel)
    shared = _shared(spec, outputs)
    return {
        "output": channel,
        "is_one_convolution": is_one_convolution(planned),
        "is_normalized_between": is_normalized_between(planned),
        "bias": None if found.kernel.bias is None else round(found.kernel.bias, BIAS_DECIMALS),
        "feeding": (found.kernel.channels.start, found.kernel.channels.stop - 1),
        "outputs": list(outputs),
        "weights_domain": None if shared is None else kernel_domain(shared),
        "channels": _slices(found.kernel, shared, names),
        **_maps(found),
    }


def _outputs(channels: int, channel: int) -> range:
    """The chosen output and those beside it."""
    shown = MAX_OUTPUTS if channels <= 1000 else FEWER_OUTPUTS
    start = max(0, min(channel - shown // 2, channels - shown))
    return range(start, min(start + shown, channels))


def _shared(spec: LayerSpec, outputs: range) -> Tensor | None:
    """The pointwise weights of some outputs, (outputs, maps); None where the last stage is not pointwise."""
    *before, last = plan(spec).convolutions
    if not before or not last.stage.is_pointwise:
        return None
    return kernels(spec, {last.name: outputs})[last.name].weight.flatten(1)


def _slices(kernel: ComposedKernel, shared: Tensor | None, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The slices of the largest channels, each with the largest of the products that it is the sum of."""
    domain = kernel_domain(kernel.slices)
    domains = [kernel_domain(each) for each in kernel.factors]
    if shared is not None:
        domains[-1] = kernel_domain(shared)  # the same weights stand beside those of other outputs
    drawn = []
    for place in _shown_channels(kernel):
        terms = []
        for term in _shown_terms(kernel, place) if len(kernel.factors) > 1 else ():
            factors = [
                kernel_cells(each[place, term], ends) for each, ends in zip(kernel.factors, domains, strict=True)
            ]
            position = place * kernel.factors[0].shape[1] + term
            terms.append({"factors": factors, "weights": [] if shared is None else shared[:, position].tolist()})
        channel = kernel.channels[place]
        drawn.append(
            {
                "channel": channel,
                "name": names[channel] if channel < len(names) else "",
                "slice": kernel_cells(kernel.slices[place], domain),
                "terms": terms,
            }
        )
    return drawn


def _shown_channels(kernel: ComposedKernel) -> list[int]:
    """All channels where there is room; else those whose slices are the largest, the largest first."""
    terms = min(kernel.factors[0].shape[1], MAX_TERMS)
    if len(kernel.channels) * terms <= MAX_LINES:
        return list(range(len(kernel.channels)))
    sizes = kernel.slices.flatten(1).norm(dim=1)
    return _largest(sizes, FEWER_LINES if terms == 1 else MAX_LINES // terms)


def _shown_terms(kernel: ComposedKernel, place: int) -> list[int]:
    """The products of a channel, in order; of many the largest."""
    sizes = kernel.factors[0][place].flatten(1).norm(dim=1)
    for factor in kernel.factors[1:]:
        sizes = sizes * factor[place].flatten(1).norm(dim=1)
    return sorted(_largest(sizes, MAX_TERMS))


def _largest(sizes: Tensor, count: int) -> list[int]:
    """The places of the largest sizes, the largest first."""
    places: list[int] = sizes.argsort(descending=True, stable=True)[:count].tolist()
    return places


def _maps(found: ComposedOutput) -> dict[str, Any]:
    both = torch.stack((found.layer, found.composed))
    domain = common_domain(both, "diverging")
    difference = found.layer - found.composed
    pictures = {"layer": found.layer, "composed": found.composed, "difference": difference}
    largest = found.layer.abs().max().item()
    return {
        **{name: picture_of(each, domain, "diverging") for name, each in pictures.items()},
        "largest_difference": difference.abs().max().item(),
        "largest_value": largest,
    }
