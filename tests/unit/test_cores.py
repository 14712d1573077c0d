"""The default number of processes is that of the cores which this process may use."""

import os

import pytest

from worker.processes.cores import available_cores, granted_cores


@pytest.mark.parametrize(
    ("cpu_max", "cores"), [("max 100000\n", None), ("200000 100000\n", 2), ("150000 100000\n", 2), ("5000 100000\n", 1)]
)
def test_a_containers_share_is_read(cpu_max: str, cores: int | None) -> None:
    """A part of a core counts as one; a container without a limit has none."""
    assert granted_cores(cpu_max) == cores


def test_cores_that_the_scheduler_withholds_do_not_count() -> None:
    """A process that is bound to one core has one."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
