"""What fits beside the other parameters of a layer: which values a slider offers, and which layers are refused."""

from sepviz.errors import BadParameter, InvalidParameters
from sepviz.layer.operations import Pair
from sepviz.layer.size import Size
from sepviz.layer.spec import LayerSpec, properties

_AXES = ("height", "width")


def refuse_empty_output(spec: LayerSpec) -> None:
    """Raise `InvalidParameters` where the kernel is larger than the padded input, with what would fit."""
    if spec.padding == "same":
        return
    sides = 2 * spec.padding_cells
    for axis, name in enumerate(_AXES):
        kernel, size = spec.kernel_size[axis], spec.size[axis]
        reach, padded = spec.dilation * (kernel - 1) + 1, size + sides
        if reach <= padded:
            continue
        mends = [
            ("kernel_size", "up to", (padded - 1) // spec.dilation + 1),
            ("size", "from", reach - sides),
            ("dilation", "up to", (padded - 1) // (kernel - 1)),
        ]
        mends = [mend for mend in mends if mend[2] >= 1]
        along = "" if spec.kernel_size.is_square and spec.size.is_square else f"along its {name} "
        words = " or ".join(f"{parameter} {bound} {value}" for parameter, bound, value in mends)
        why = f"with dilation={spec.dilation} it reaches {along}over {reach} cells, and the padded input has {padded}"
        fits = (
            *((parameter, _fitting(spec, parameter, axis, value)) for parameter, _, value in mends),
            ("padding", "same"),
        )
        allowed = f"what would fit: {words}, or padding=same"
        raise InvalidParameters([BadParameter("kernel_size", str(spec.kernel_size), allowed, why, fits)])


def _fitting(spec: LayerSpec, parameter: str, axis: int, value: int) -> str:
    """The parameter with that value along one axis."""
    given = getattr(spec, parameter)
    if not isinstance(given, Size) or given.is_square:
        return str(value)
    return str(Size(value, given.width) if axis == 0 else Size(given.height, value))


def bounds(spec: LayerSpec) -> dict[str, Pair]:
    """Lowest and highest legal value of each whole-number parameter, the others held: what a slider may offer.

    Of a `Size` it is the value of both sides.
    """
    has = spec.values()
    limits = {n: (p["minimum"], p["maximum"]) for n, p in properties(LayerSpec).items() if "minimum" in p and n in has}
    if "groups" in limits:
        limits["groups"] = 1, spec.possible_groups[-1]
        for name in ("in_channels", "out_channels"):
            limits[name] = spec.groups, limits[name][1] // spec.groups * spec.groups
    if spec.padding == "same":
        return limits
    sides = 2 * spec.padding_cells
    span = min(spec.size) + sides - 1

    def capped(name: str, low: int, high: int) -> Pair:
        return max(limits[name][0], low), min(limits[name][1], high)

    return limits | {
        "kernel_size": capped("kernel_size", 1, span // spec.dilation + 1),
        "dilation": capped("dilation", 1, _most_dilation(spec, sides, limits["dilation"][1])),
        "size": capped("size", max(smallest_size(spec)), limits["size"][1]),
    }


def smallest_size(spec: LayerSpec) -> Size:
    """The smallest input that the kernel fits into, whatever the size of the layer's own."""
    if spec.padding == "same":
        return Size.square(1)
    reaches = (spec.dilation * (kernel - 1) + 1 - 2 * spec.padding_cells for kernel in spec.kernel_size)
    return Size(*(max(1, reach) for reach in reaches))


def _most_dilation(spec: LayerSpec, sides: int, limit: int) -> int:
    """The largest dilation with which the kernel fits along both axes."""
    return min(
        (
            (size + sides - 1) // (kernel - 1)
            for kernel, size in zip(spec.kernel_size, spec.size, strict=True)
            if kernel > 1
        ),
        default=limit,
    )
