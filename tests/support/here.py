"""The app with its jobs carried out in this very process: nothing has to start, and a test may look inside.

What `sepviz serve` runs computes in a process of its own; tests of the server, of replicas and of the page have that.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sepviz.compute.worker import Tools, carry_out, one_torch_thread
from sepviz.settings import assets
from sepviz.tensors.inputs import Inputs
from sepviz.web import app as main
from sepviz.web.rendering import templates


class Here:
    """A crew of threads."""

    ready = True

    def __init__(self, settings):
        self._tools = Tools(Inputs(settings.input_cache_bytes), templates(assets("templates")))
        self._pool = ThreadPoolExecutor(settings.workers, "compute", one_torch_thread)

    async def start(self):
        pass

    async def carry_out(self, job, picture):
        return await asyncio.get_running_loop().run_in_executor(self._pool, carry_out, job, picture, self._tools)

    async def close(self):
        self._pool.shutdown()


create_app = partial(main.create_app, crew=Here)
