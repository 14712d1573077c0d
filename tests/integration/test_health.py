"""Whether a worker lives and whether it claims, as probes ask it."""

import contextlib
import os
import signal
import socket
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from arq.connections import ArqRedis

from domain.commands import Command
from domain.result import Result
from persistence.database import Database
from persistence.engine import database_url
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.health import Figures, get, port_of, told
from tests.processes import environment, run_command, worker_process
from tests.serving import query
from tests.waiting import DEADLINE, wait_until
from tests.workers import answered, reporting_worker, retitle, rows_locked
from tests.worlds import plant
from worker.client import send
from worker.embedded.process import free_ports, start, stop
from worker.embedded.redis import prepared_redis
from worker.execution import Execution
from worker.functions import arq_function
from worker.health.server import CannotListen, serving
from worker.jobs.job import Job
from worker.settings import Settings

ANY_PORT = "0"


class Block(Command):
    """A job that never lets go of the event loop."""

    job: ClassVar[str] = "block"


async def test_a_worker_without_redis_lives_but_is_not_ready_until_it_is_back(
    settings: Settings, tmp_path: Path
) -> None:
    """A restart would not bring Redis back; which server is missing is named, and its address is not."""
    with prepared_redis(tmp_path / "redis", durable=False) as server, contextlib.ExitStack() as running:
        child = start(server, port := next(free_ports()))
        running.callback(lambda: stop(child, server))
        own = settings.model_copy(update={"redis_url": type(settings.redis_url)(server.url(port))})
        with worker_process(own, tmp_path / "log", COUNTERFOIL_HEALTH_PORT=ANY_PORT) as worker:
            at = port_of(worker)
            wait_until(lambda: told(at, "/ready") == (200, {"status": "ready"}), "it is ready")
            assert Figures(at)("ready") == 1
            stop(child, server)
            wait_until(lambda: told(at, "/ready")[0] == 503, "it is not ready")
            status, said = told(at, "/ready")
            assert (status, said["status"], len(said["reasons"])) == (503, "not ready", 1)
            assert said["reasons"][0].startswith("Redis has not answered for ")
            assert told(at, "/live") == (200, {"status": "live"})
            figures = Figures(at)
            assert figures("ready") == 0
            assert str(figures("queue_depth", queue=settings.queue)) == "nan"
            assert server.password not in figures.text + str(said)
            child = start(server, port)
            wait_until(lambda: told(at, "/ready")[0] == 200, "it is ready again")
            wait_until(lambda: Figures(at)("queue_depth", queue=settings.queue) == 0, "the queue is seen again")
            assert worker.stop() == 0


def test_a_worker_without_postgresql_lives_but_is_not_ready_until_it_is_back(
    settings: Settings, tmp_path: Path
) -> None:
    """The server refuses every connection for a while, and cuts those that are there."""
    name = database_url(settings.database_url.get_secret_value()).database
    admin = os.environ["DATABASE_URL"]
    with worker_process(settings, tmp_path / "log", COUNTERFOIL_HEALTH_PORT=ANY_PORT) as worker:
        at = port_of(worker)
        wait_until(lambda: told(at, "/ready")[0] == 200, "it is ready")
        query(admin, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        query(admin, f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608
        wait_until(lambda: told(at, "/ready")[0] == 503, "it is not ready")
        (reason,) = told(at, "/ready")[1]["reasons"]
        assert reason.startswith("PostgreSQL has not answered for ")
        assert told(at, "/live")[0] == 200
        assert str(Figures(at)("table_jobs", state="due")) == "nan"
        query(admin, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        wait_until(lambda: told(at, "/ready")[0] == 200, "it is ready again")


async def test_a_handler_that_blocks_the_loop_is_told_by_the_port_that_still_answers(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Beyond the bound /live is 503 with the reason, and 200 again when the loop turns; figures are told throughout."""
    seen: list[tuple[int, dict[str, object]]] = []
    released = threading.Event()
    impatient = settings.model_copy(update={"stuck_seconds": 0.5})

    async def block(_: Transaction, __: Block) -> Result:
        released.wait(DEADLINE)
        return Result()

    def watch(port: int) -> None:
        try:
            wait_until(lambda: told(port, "/live")[0] == 503, "the loop is seen to stand still")
            seen.extend((told(port, "/live"), told(port, "/ready"), (get(port, "/metrics")[0], {})))
        finally:
            released.set()

    async with reporting_worker(impatient, database, redis) as (worker, port):
        execution = Execution(sessions, settings.queue, "tester", 60, 10, lambda: 0.0)
        worker.functions["block"] = arq_function(Job(Block, block), execution)
        assert told(port, "/live")[0] == 200
        watcher = threading.Thread(target=watch, args=(port,))
        watcher.start()
        await send(redis, settings.queue, "block", {"actor": "tester"}, job_id="j")
        assert (await answered(redis, "j")).success
        watcher.join()
        assert told(port, "/live")[0] == 200
        assert Figures(port)("loop_lag_seconds") > 0.5
    live, ready, metrics = seen
    assert (live[0], ready[0], metrics[0]) == (503, 503, 200)
    assert live[1]["status"] == "stuck"
    assert "the event loop has stood still for " in str(live[1]["reasons"])


async def test_a_worker_that_is_told_to_stop_is_not_ready(
    settings: Settings, database: Database, redis: ArqRedis, tmp_path: Path
) -> None:
    """It lives until its last job is done."""
    await plant(database.sessions)
    with worker_process(settings, tmp_path / "log", COUNTERFOIL_HEALTH_PORT=ANY_PORT) as worker:
        at = port_of(worker)
        async with rows_locked(database) as until_somebody_waits:
            await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
            await until_somebody_waits()
            worker.process.send_signal(signal.SIGTERM)
            wait_until(lambda: told(at, "/ready")[0] == 503, "it is not ready")
            assert told(at, "/ready")[1]["reasons"] == ["draining: the worker was told to stop"]
            assert told(at, "/live")[0] == 200
        assert worker.process.wait(DEADLINE) == 0


def test_a_port_that_is_taken_is_one_line(settings: Settings) -> None:
    """The worker does not start: exit code 2, and the sentence names port, reason and way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        given = environment(settings, COUNTERFOIL_HEALTH_HOST="127.0.0.1", COUNTERFOIL_LOG_LEVEL="warning")
        ended = run_command(given, "worker", "--health-port", str(port))
    assert ended.code == 2
    assert ended.line.startswith(f"counterfoil: cannot listen on 127.0.0.1 port {port} (Address already in use); ")
    assert "COUNTERFOIL_HEALTH_PORT" in ended.line


def test_an_address_of_another_machine_is_refused() -> None:
    """Nobody can listen there."""
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1 port 0"), serving(lambda *_: [], "192.0.2.1", 0):
        pass


async def test_what_is_no_probe_is_refused_in_json(settings: Settings, database: Database, redis: ArqRedis) -> None:
    """An unknown path names the known ones."""
    async with reporting_worker(settings, database, redis) as (_, port):
        status, said = told(port, "/")
    assert (status, said["known"]) == (404, ["/live", "/ready", "/metrics"])
