"""The process that computes: `python -m sepviz.compute.worker THREADS CACHE_BYTES NICE`.

It reads jobs from standard input, carries out as many at once as it has threads, and writes what became of each to
standard output, until its input ends. torch has one thread in each of its own: on a shared machine two threads in one
small convolution waited for each other longer than they computed.
"""

import json
import os
import pickle
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import torch
from jinja2 import Environment

from sepviz.compute.frames import HEAD, READY, framed, size
from sepviz.compute.jobs import Grid, Job, Plane, Tensors, View
from sepviz.encoded import Encoded
from sepviz.errors import SepvizError
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.malloc_trimmer import start_malloc_trimmer
from sepviz.settings import assets
from sepviz.tensors.encoders.grid import grid_png, grid_svg, plane_png
from sepviz.tensors.encoders.npz import encode_npz
from sepviz.tensors.encoders.tensors import encode, encode_view
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.web.rendering import fragment, templates

# The interpreter passes from one thread to the other this often where both have work; the default, 5 ms, is as long as
# a whole job takes.
SWITCH_S = 0.001


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs share: the inputs that are kept, and the templates."""

    inputs: Inputs
    templates: Environment


def carry_out(job: Job, picture: bytes | None, tools: Tools) -> Encoded:
    """What the job asks for; `picture` is the input where that is an upload.

    Raises what `sepviz.tensors.trace.run` raises.

    """
    match job:
        case Tensors():
            write = encode if job.format == "safetensors" else encode_npz
            return write(run(job.spec, tools.inputs, job.selection, picture), job.dtype, job.tile)
        case View():
            wanted = job.selection.wanted("input", job.spec.in_channels)
            names = tools.inputs.names(job.spec, picture)[wanted.start : wanted.stop]
            parts = {"fragment": fragment(tools.templates, job.spec), "input.names": json.dumps(names)}
            return encode_view(run(job.spec, tools.inputs, job.selection, picture), job.tile, parts)
        case Grid():
            draw = grid_png if job.form == "png" else grid_svg
            maps = run(job.spec, tools.inputs, Selection((job.stage,)), picture).selected_maps()[job.stage]
            return draw(maps, job.colormap, job.scale)
        case Plane():
            one = Selection((job.stage,), range(job.channel, job.channel + 1))
            return plane_png(run(job.spec, tools.inputs, one, picture).selected_maps()[job.stage], job.colormap)


def one_torch_thread() -> None:
    """For each thread that computes."""
    torch.set_num_threads(1)


def main(threads: int, cache_bytes: int, nice: int) -> None:
    """Work until the input ends."""
    # A signal is for the whole group; the server, which has it too, ends this process by ending its input.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    if hasattr(os, "nice"):  # not on Windows
        os.nice(nice)
    sys.setswitchinterval(SWITCH_S)
    jobs = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    turn = threading.Lock()

    def answer(*parts: bytes) -> None:
        with turn:
            for part in parts:
                left = memoryview(part)
                while left:
                    left = left[answers.write(left) :]

    def work(number: int, job: Job, picture: bytes | None) -> None:
        outcome, body = _outcome(job, picture, tools), b""
        if isinstance(outcome, Encoded):  # megabytes, which pickle would copy
            body, outcome = outcome.body, outcome._replace(body=b"")
        answer(framed((number, outcome, len(body))), body)

    start_malloc_trimmer()
    tools = Tools(Inputs(cache_bytes), templates(assets("templates")))
    with ThreadPoolExecutor(threads, "compute", one_torch_thread) as pool:
        # What is slow the first time, libraries and templates, is slow before anybody waits.
        pool.submit(carry_out, View(LayerSpec(), Selection(), None), None, tools).result()
        answer(framed(READY))
        while (content := _read(jobs)) is not None:
            pool.submit(work, *content)


def _outcome(job: Job, picture: bytes | None, tools: Tools) -> Encoded | Exception:
    try:
        return carry_out(job, picture, tools)
    except SepvizError as error:
        return error
    except Exception:  # noqa: BLE001 - it is told where it can be logged
        return RuntimeError(traceback.format_exc())


def _read(pipe: BinaryIO) -> tuple[int, Job, bytes | None] | None:
    """The next job; None at the end."""
    expected = size(pipe.read(HEAD))
    body = pipe.read(expected)
    if not body or len(body) < expected:
        return None
    content: tuple[int, Job, bytes | None] = pickle.loads(body)  # noqa: S301 - from the server, by a pipe of its own
    return content


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the server was killed
        main(*map(int, sys.argv[1:]))
