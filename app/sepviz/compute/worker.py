"""What a worker process runs: jobs, with one torch thread.

On a shared machine two threads in one small convolution waited for each other longer than they computed.
"""

import json
import os
import signal
from functools import cache

import torch

from sepviz.compute.jobs import Approximation, Composed, Figure, Grid, Job, Pixel, Plane, Tensors, View
from sepviz.encoded import Encoded
from sepviz.layer.budget import check_picture
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection, channels_of
from sepviz.layer.spec import LayerSpec
from sepviz.malloc_trimmer import start_malloc_trimmer
from sepviz.tensors.encoders.approximation_lens import approximation_document
from sepviz.tensors.encoders.composed_lens import composed_lens
from sepviz.tensors.encoders.grid import grid_png, grid_svg, plane_png
from sepviz.tensors.encoders.json_document import encode_document
from sepviz.tensors.encoders.npz import encode_npz
from sepviz.tensors.encoders.tensors import encode, encode_view
from sepviz.tensors.explain import explain
from sepviz.tensors.figure_maps import draw_with_maps
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.tensors.weights import kernel_names


def initialize(cache_bytes: int, niceness: int) -> None:
    """Prepare this process for jobs."""
    if hasattr(os, "setsid"):  # not on Windows
        os.setsid()  # Ctrl+C is for the server, which lets its workers finish
        os.nice(niceness)
    # While C code runs, Python's own handler of the signal that ends a worker would not run.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    start_malloc_trimmer()
    torch.set_num_threads(1)
    # What is slow the first time, such as loading libraries, is slow before anybody waits.
    execute(View(LayerSpec(), Selection(), None, ""), None, cache_bytes)


def execute(job: Job, picture: bytes | None, cache_bytes: int) -> Encoded:
    """Return the job's result; this process caches inputs of `cache_bytes` together."""
    return run_job(job, picture, _inputs(cache_bytes))


@cache
def _inputs(cache_bytes: int) -> Inputs:
    return Inputs(cache_bytes)


def run_job(job: Job, picture: bytes | None, inputs: Inputs) -> Encoded:
    """Return the job's result; `picture` is the input where that is an upload.

    Raises what `sepviz.tensors.trace.run` raises.
    """
    match job:
        case Tensors():
            encode_tensors = encode if job.format == "safetensors" else encode_npz
            return encode_tensors(run(job.spec, inputs, job.selection, picture), job.dtype, job.tile)
        case View():
            wanted = job.selection.wanted("input", job.spec.in_channels)
            names = inputs.names(job.spec, picture)[wanted.start : wanted.stop]
            metadata = {"fragment": job.fragment, "input.names": json.dumps(names)} | _kernel_names(job)
            return encode_view(run(job.spec, inputs, job.selection, picture), job.tile, metadata)
        case Grid():
            check_picture(job.spec, job.stage, channels_of(job.spec)[job.stage])
            draw = grid_png if job.form == "png" else grid_svg
            maps = run(job.spec, inputs, Selection((job.stage,)), picture).selected_maps()[job.stage]
            return draw(maps, job.colormap, job.scale)
        case Plane():
            channel = Selection((job.stage,), range(job.channel, job.channel + 1))
            return plane_png(run(job.spec, inputs, channel, picture).selected_maps()[job.stage], job.colormap)
        case Figure():
            svg = draw_with_maps(job.name, job.spec, job.options, inputs, picture)
            return Encoded(svg.encode(), "image/svg+xml")
        case Composed() | Pixel() | Approximation():
            return encode_document(_document(job, picture, inputs))


def _kernel_names(job: View) -> dict[str, str]:
    """The names of the selected kernels of each convolution, as JSON, under `<name>.weight.names`."""
    found = {}
    for each in plan(job.spec).convolutions:
        outputs = job.selection.wanted(each.name, each.out_channels)
        found[f"{each.name}.weight.names"] = json.dumps(kernel_names(job.spec, each, outputs))
    return found


def _document(job: Composed | Pixel | Approximation, picture: bytes | None, inputs: Inputs) -> object:
    """Return the result of a job that is answered as JSON."""
    match job:
        case Composed():
            return composed_lens(job.spec, job.channel, inputs, picture)
        case Pixel():
            return explain(job.spec, inputs, job.cell, picture, job.through)
        case Approximation():
            return approximation_document(job.spec, job.channel, inputs, picture, has_pictures=job.has_pictures)
