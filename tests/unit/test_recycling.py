"""When a worker process makes way for a fresh one."""

from worker.recycling import MEGABYTE, Recycling, resident_bytes


def test_a_process_takes_no_more_than_its_share_of_jobs() -> None:
    """The last slots stay empty, and the reason says how many jobs it has run."""
    recycling = Recycling(jobs=10)
    assert [recycling.room(started, 4) for started in (0, 6, 8, 10, 11)] == [4, 4, 2, 0, 0]
    assert [recycling.reason(started) for started in (0, 9, 10)] == [{}, {}, {"jobs": 10}]


def test_memory_is_judged_after_a_job() -> None:
    """A limit below what a fresh process needs replaces it after each job, and not for ever before the first."""
    assert Recycling(megabytes=1).reason(0) == {}
    assert Recycling(megabytes=1).reason(1)["megabytes"] >= 10
    assert Recycling(megabytes=resident_bytes() // MEGABYTE + 1000).reason(1) == {}


def test_without_limits_a_process_stays() -> None:
    """However many jobs it runs."""
    assert Recycling().room(10**9, 4) == 4
    assert Recycling().reason(10**9) == {}
