"""How many cores this process may use: what the scheduler allows it, and what its container is granted."""

import os
from math import ceil
from pathlib import Path

CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux shows a container its share of processor time (cgroup v2): microseconds in each period, or `max`."""


def available_cores() -> int:
    """Return the number of cores, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        limit = granted_cores(CGROUP_LIMIT.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not Linux, or an older one: nothing is known of a limit
        limit = None
    return max(1, allowed if limit is None else min(allowed, limit))


def granted_cores(cpu_max: str) -> int | None:
    """Return what a `cpu.max` such as `150000 100000` grants, a part of a core as a whole one; None: no limit.

    Raises ValueError for what is no such text.
    """
    quota, period = cpu_max.split()
    return None if quota == "max" else ceil(int(quota) / int(period))
