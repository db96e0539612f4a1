"""What must hold, each figure beside its goal: `python -m tests.soak.run [uploads] [classroom] ...`.

Nothing leaves this machine, and every section ends by itself. The exit code is 1 where a fault was seen, or a time was
more than twice its goal. One server goes through all sections that do not need one of their own; many users at once and
slow clients meet it behind the real nginx with deploy/nginx.conf, where a public server belongs.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.soak import classroom, figures, mathematics, memory, parameters, recovery, slow, uploads
from tests.support.nginx_server import nginx
from tests.support.sepviz_server import Server, sepviz
from tests.support.table import Row, known, show

Section = Callable[[], Iterator[Row]]

SHARED: dict[str, Callable[[Server], Iterator[Row]]] = {
    "small-class": classroom.small_rows,
    "classroom": classroom.classroom_rows,
    "overload": classroom.overload_rows,
    "closed-loop": classroom.closed_loop_rows,
    "uploads": uploads.rows,
    "slow-clients": slow.rows,
    "parameters": parameters.rows,
    "tree": memory.whole_tree,
}
BEHIND_NGINX = ("overload", "slow-clients")
OWN: dict[str, Section] = {
    "growth": memory.rows,
    "recovery": recovery.rows,
    "mathematics": mathematics.rows,
    "figures": figures.rows,
}


def _shared_rows(name: str, server: Server) -> Iterator[Row]:
    if name not in BEHIND_NGINX:
        yield from SHARED[name](server)
        return
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), [f"127.0.0.1:{server.port}"]) as address:
        yield from SHARED[name](server._replace(port=int(address.rpartition(":")[2])))


def main(names: list[str]) -> int:
    selected = known(names, SHARED | OWN)
    with sepviz(SEPVIZ_MODE="classroom") as server:
        sections: list[Section] = [partial(_shared_rows, name, server) for name in selected if name in SHARED]
        passed = show(sections + [OWN[name] for name in selected if name in OWN], 44)
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
