"""Returns freed memory to the system.

glibc keeps it: hundreds of megabytes after the largest layers, or after responses that clients were slow to read.
"""

import ctypes
import sys
import threading
import time

TRIM_INTERVAL_SECONDS = 1.0  # one call takes well below a millisecond


def start_malloc_trimmer() -> None:
    """Call glibc's `malloc_trim` every second from a thread of its own; does nothing where there is none."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is None:
        return

    def trim_forever() -> None:
        while True:
            time.sleep(TRIM_INTERVAL_SECONDS)
            trim(0)

    threading.Thread(target=trim_forever, name="malloc-trimmer", daemon=True).start()
