"""Memory that was freed, given back to the system.

glibc keeps it: of the largest layers, or of answers that were long in being taken, hundreds of megabytes.
"""

import ctypes
import sys
import threading
import time
from collections.abc import Callable

EVERY_S = 1.0


def given_back() -> Callable[[], None]:
    """Begin to give memory back, at most every second and only after the returned function was called.

    It is to be called whenever much may have been freed.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    freed = threading.Event()

    def give_back() -> None:
        while trim is not None:
            freed.wait()
            freed.clear()
            time.sleep(EVERY_S)
            trim(0)

    threading.Thread(target=give_back, name="memory", daemon=True).start()
    return freed.set
