"""What must hold, each figure beside its goal: `python -m tests.soak.run [uploads] [classroom] ...`.

Nothing leaves this machine, and every section ends by itself. The exit code is 1 where a fault was seen, or a time
was more than twice its goal. One server goes through all sections that do not need one of their own.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.soak import classroom, figures, mathematics, memory, parameters, recovery, slow, uploads
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
OWN: dict[str, Section] = {
    "growth": memory.rows,
    "recovery": recovery.rows,
    "mathematics": mathematics.rows,
    "figures": figures.rows,
}


def main(names: list[str]) -> int:
    asked = known(names, SHARED | OWN)
    with sepviz(SEPVIZ_MODE="classroom") as server:
        sections: list[Section] = [partial(SHARED[name], server) for name in asked if name in SHARED]
        passed = show(sections + [OWN[name] for name in asked if name in OWN], 44)
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
