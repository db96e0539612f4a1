"""The app with jobs executed by threads of this process: nothing has to start, and a test may look inside.

`sepviz serve` executes them in worker processes; tests of the server, of replicas and of the page do so, too.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch
from sepviz.compute.worker import run_job
from sepviz.tensors.inputs import Inputs
from sepviz.web import app as main


class ThreadExecutor:
    is_ready = True

    def __init__(self, settings):
        self._inputs = Inputs(settings.input_cache_bytes)
        self._pool = ThreadPoolExecutor(settings.workers, initializer=torch.set_num_threads, initargs=(1,))

    async def start(self):
        pass

    async def execute(self, job, picture):
        return await asyncio.get_running_loop().run_in_executor(self._pool, run_job, job, picture, self._inputs)

    async def close(self):
        self._pool.shutdown()


create_app = partial(main.create_app, make_executor=ThreadExecutor)
