"""The health port of a worker with several processes: their parent asks each of them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from arq.connections import ArqRedis

from persistence.sessions import Sessions
from tests.health import Figures, port_of, told
from tests.processes import Running, worker_process
from tests.waiting import wait_until
from tests.workers import answered, retitle
from tests.worlds import plant
from worker.client import send
from worker.settings import Settings


@contextmanager
def two_processes(settings: Settings, log: Path) -> Iterator[tuple[Running, int]]:
    """Run a worker with two processes, and yield it with its port as soon as both answer; nothing is left of it."""
    with TemporaryDirectory(prefix="cf-") as folder:  # a short one: a socket's path has some 100 bytes
        given = {"COUNTERFOIL_HEALTH_PORT": "0", "TMPDIR": folder}
        with worker_process(settings, log, processes=2, **given) as worker:
            port = port_of(worker)
            wait_until(lambda: Figures(port)("processes") == 2, "both answer")
            yield worker, port
            assert worker.stop() == 0
        assert list(Path(folder).iterdir()) == []


def pids(worker: Running) -> list[int]:
    """Return the processes that have started, in order."""
    return [line["pid"] for line in worker.lines() if line["event"] == "worker.started"]


async def test_the_parent_tells_every_processes_figures(
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Each series has the place of its process; a job is counted once, by whichever ran it."""
    await plant(sessions)
    with two_processes(settings, tmp_path / "log") as (_, port):
        wait_until(lambda: told(port, "/ready") == (200, {"status": "ready"}), "it is ready")
        assert told(port, "/live") == (200, {"status": "live"})
        for number in range(3):
            await send(redis, settings.queue, "update", retitle(f"t{number}", "new"), job_id=f"j{number}")
            await answered(redis, f"j{number}")
        figures = Figures(port)
        assert figures.labels("process") == {"0", "1"}
        counts = [
            figures("jobs_ended_total", job="update", outcome="succeeded", process=place)
            for place in figures.labels("process")
        ]
        assert sum(counts) == 3
        for place in ("0", "1"):
            assert figures("slots", process=place) == settings.concurrency
            assert figures("queue_depth", queue=settings.queue, process=place) == 0


def test_a_process_that_dies_is_replaced_without_a_word_to_the_probes(settings: Settings, tmp_path: Path) -> None:
    """Nothing is wrong that a restart of them all would mend: the parent starts the next one."""
    with two_processes(settings, tmp_path / "log") as (worker, port):
        wait_until(lambda: told(port, "/ready")[0] == 200, "it is ready")
        os.kill(pids(worker)[-1], signal.SIGKILL)
        seen: set[int] = set()

        def replaced() -> bool:
            seen.update((told(port, "/live")[0], told(port, "/ready")[0]))
            return len(pids(worker)) == 3 and Figures(port)("processes") == 2

        wait_until(replaced, "the next one answers")
        assert seen == {200}


def test_a_process_that_stands_still_is_named(settings: Settings, tmp_path: Path) -> None:
    """The other one still claims, so that the worker is ready; but only a restart helps this one."""
    with two_processes(settings, tmp_path / "log") as (worker, port):
        wait_until(lambda: told(port, "/ready")[0] == 200, "it is ready")
        frozen = pids(worker)[0]
        os.kill(frozen, signal.SIGSTOP)
        try:
            wait_until(lambda: told(port, "/live")[0] == 503, "it is noticed")
            assert told(port, "/live")[1]["reasons"] == ["process 0: no answer (TimeoutError)"]
            assert told(port, "/ready")[0] == 200
            assert Figures(port).labels("process") == {"1"}
        finally:
            os.kill(frozen, signal.SIGCONT)
        wait_until(lambda: told(port, "/live")[0] == 200, "it lives again")
