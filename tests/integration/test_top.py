"""`counterfoil top`: the queues and workers of a fleet, as they are now."""

import contextlib
import json
import os
import pty
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import DEADLINE, command, environment, started, worker_process
from tests.redis_faults import wipe
from tests.relays import accept, new_project
from tests.waiting import eventually
from tests.workers import answered, retitle, rows_locked
from tests.worlds import plant
from worker.client import send
from worker.embedded.process import free_ports, start, stop
from worker.embedded.redis import prepared_redis
from worker.presence import PREFIX, WORKERS
from worker.settings import Settings


async def seen(settings: Settings) -> dict[str, Any]:
    """Return one look."""
    ended = await command(settings, "top", "--json")
    assert ended.code == 0
    return dict(json.loads(ended.out))


async def test_a_look_shows_a_queues_depth_and_its_worker(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """One job runs, two wait for its slot, one is for tomorrow; then all but that are done, and the rate says so."""
    await plant(sessions)
    with worker_process(settings, tmp_path / "log", COUNTERFOIL_CONCURRENCY="1") as worker:
        async with rows_locked(database) as until_somebody_waits:
            await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="a")
            await until_somebody_waits()
            await send(redis, settings.queue, "update", retitle("t1", "new"), job_id="b")
            await send(redis, settings.queue, "update", retitle("t99", "new"), job_id="c")
            await accept(sessions, new_project("p", settings.queue, run_at=datetime.now(UTC) + timedelta(days=1)))

            async def shown() -> bool:
                (line,) = (await seen(settings))["queues"]
                return bool(line["running"] == 1)

            await eventually(shown, "the running job is shown")
            look = await seen(settings)
            table = (await command(settings, "top", "--once", COLUMNS="160")).out
        (line,) = look["queues"]
        assert (line["queue"], line["due"], line["scheduled"], line["workers"]) == (settings.queue, 2, 1, 1)
        assert 0 <= line["oldest"] < 60
        (sign,) = [one["sign"] for one in look["workers"]]
        assert (sign["slots"], sign["running"], sign["queues"]) == (1, {settings.queue: 1}, [settings.queue])
        assert sign["worker"].endswith(f":{worker.process.pid}")
        (row,) = [text for text in table.splitlines() if settings.queue in text and sign["worker"] not in text]
        assert [cell.strip() for cell in row.strip("│").split("│")][:4] == [settings.queue, "2", "1", "1"]
        assert sign["worker"] in table
        for job_id in ("a", "b", "c"):
            await answered(redis, job_id)

        async def counted() -> bool:
            (one,) = (await seen(settings))["workers"]
            return (one["sign"]["complete"], one["sign"]["failed"]) == (2, 1)

        await eventually(counted, "the totals are shown")
        look = await seen(settings)
        assert look["dead"] == 1
        assert look["queues"][0]["due"] == 0
        assert look["queues"][0]["rate"] > 0
        assert worker.stop() == 0
    assert (await seen(settings))["workers"] == []


async def test_a_worker_that_was_killed_is_listed_as_silent_until_it_is_forgotten(
    settings: Settings, redis: ArqRedis, tmp_path: Path
) -> None:
    """Its key runs out, and with it its place on the list; a wiped Redis hears of a live one again."""
    with worker_process(settings, tmp_path / "log") as worker:

        async def listed() -> bool:
            return bool((await seen(settings))["workers"])

        await eventually(listed, "the worker is listed")
        await wipe(redis)
        await eventually(listed, "the worker is listed again")
        worker.process.kill()
        worker.process.wait(DEADLINE)
    (dead,) = (await seen(settings))["workers"]
    (key,) = [key async for key in redis.scan_iter(f"{PREFIX}*")]
    assert 0 < await redis.pttl(key) <= 15_000
    await redis.pexpire(key, 4_000)
    assert "silent for 11 s" in (await command(settings, "top", "--once", COLUMNS="200")).out
    assert dead["sign"]["worker"].endswith(f":{worker.process.pid}")
    await redis.delete(key)
    assert (await seen(settings))["workers"] == []
    assert not await redis.exists(WORKERS)


async def test_a_queue_with_jobs_and_without_workers_is_shown(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """Also one that is nobody's, and one that is no sorted set: the job table names them."""
    await accept(sessions, new_project("p", "forgotten"), new_project("q", word := f"{settings.queue}:word"))
    await redis.set(word, "x")
    await redis.sadd(WORKERS, "nobody", b"\xff")  # type: ignore[misc]
    await redis.set(PREFIX + "nobody", "[]")
    look = await seen(settings)
    assert look["missing"] == []
    lines = {line["queue"]: line for line in look["queues"]}
    assert set(lines) == {settings.queue, "forgotten", word}
    assert (lines["forgotten"]["due"], lines["forgotten"]["workers"]) == (1, 0)
    assert "none" in (await command(settings, "top", "--once", COLUMNS="160")).out


def test_the_view_goes_on_while_redis_is_away(settings: Settings, tmp_path: Path) -> None:
    """It says so, and shows the queue again when Redis is back; without a terminal each look is printed."""
    with prepared_redis(tmp_path / "redis", durable=False) as server, contextlib.ExitStack() as running:
        child = start(server, port := next(free_ports()))
        running.callback(lambda: stop(child, server))
        own = settings.model_copy(update={"redis_url": type(settings.redis_url)(server.url(port))})
        view = running.enter_context(started(environment(own), tmp_path / "log", "top", "--interval", "0.1"))
        assert view.process.stdout
        lines = iter(view.process.stdout.readline, "")
        assert next(line for line in lines if f"│ {settings.queue} │   0 │" in line)
        stop(child, server)
        assert next(line for line in lines if line.startswith("Redis does not answer ("))
        assert next(line for line in lines if f"│ {settings.queue} │   ? │" in line)
        child = start(server, port)
        assert next(line for line in lines if f"│ {settings.queue} │   0 │" in line)
        view.process.send_signal(signal.SIGTERM)
        view.process.stdout.read()
        assert view.process.wait(DEADLINE) == 0
    assert (tmp_path / "log").read_text() == ""


def test_on_a_terminal_the_view_leaves_it_as_it_was(settings: Settings) -> None:
    """It draws on the terminal's other screen, and Ctrl-C brings the first one back, with the cursor."""
    pid, terminal = pty.fork()
    if pid == 0:  # the child: a terminal of its own, and nothing of this process's
        given = {**environment(settings), "TERM": "xterm"}
        os.execve(sys.executable, [sys.executable, "-m", "worker.cli", "top", "--interval", "0.1"], given)  # noqa: S606
    said = b""
    try:
        while said.count(settings.queue.encode()) < 2:  # drawn, and drawn again
            said += os.read(terminal, 65_536)
        assert b"\x1b[?1049h" in said
        os.write(terminal, b"\x03")
        with contextlib.suppress(OSError):  # the end of a terminal
            while more := os.read(terminal, 65_536):
                said += more
    finally:
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert ended == 0
    assert said.rindex(b"\x1b[?1049l") > said.rindex(settings.queue.encode())
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")
