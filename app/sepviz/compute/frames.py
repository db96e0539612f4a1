"""How two processes of Sepviz write to each other: a value as pickle has it, behind its length.

To the one that computes go (number, job, picture); from it come `READY`, once, and then (number, outcome, more), in any
order, each with `more` bytes behind it: the body of what was made. Both ends are this very program, and nobody else has
the pipe.
"""

import pickle

READY = "ready"  # what a process says when it waits for work

HEAD = 8  # bytes of the length


def framed(content: object) -> bytes:
    """A value as it is written."""
    body = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(HEAD) + body


def size(head: bytes) -> int:
    """How many bytes follow the head."""
    return int.from_bytes(head)
