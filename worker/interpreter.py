"""Python's own settings in a worker process, which makes many short-lived objects and shares its lock with threads."""

import gc
import sys

GC_THRESHOLDS = (50_000, 10, 10)
"""New objects before the first generation is collected, and collections before the next ones.

Python's own 700 has every row of a load paid for twice: 100,000 rows took 1.8 s of the worker's processor time, and
take 1.0 s (Python 3.11). Rows and jobs make no rings, so that collections find little.
"""

SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while another waits.

While one makes the next batch, the event loop wants it for a moment at every answer of the database. Python's own 5 ms
each time were a tenth of a load.
"""


def settle_interpreter() -> None:
    """Take what was imported out of garbage collections, and make them and the threads' turns fit a worker."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(SWITCH_SECONDS)
