"""The benchmark's own parts on real servers: Counterfoil is measured, and who cannot be is named."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from benchmarks.bench import Bench
from benchmarks.child import ChildFailed
from benchmarks.contenders import OURS, PEERS
from benchmarks.databases import plain
from benchmarks.match import measure
from benchmarks.meter import WARM
from benchmarks.parts.limit import SCRIPTS, SCRIPTS_FOLDER, pgbench
from benchmarks.turns import counting
from tests.processes import REPOSITORY
from tests.worlds import sql
from worker.composition import Database
from worker.settings import Settings


@pytest.fixture
def bench(settings: Settings, redis_url: str, tmp_path: Path) -> Bench:
    """Return a quick run on the test's servers."""
    return Bench(plain(settings.database_url.get_secret_value()), redis_url, tmp_path, quick=True)


async def test_our_engine_is_measured_with_waiting_and_with_single_jobs(bench: Bench) -> None:
    """The real worker process runs both; a queue that is drained has a rate, and an idle worker latencies."""
    played = await measure(bench, OURS, "noop", bench.database_url, jobs=2 * WARM, answer=3)
    assert played.rate > 0
    assert len(played.latencies) == 3
    assert 0 < played.percentile(50) <= played.percentile(99) < 60_000


async def test_a_peer_that_is_not_installed_is_named(bench: Bench) -> None:
    """With the words of whoever tried to start it."""
    absent = replace(PEERS[0], python=Path("/nowhere/python"))
    with pytest.raises(ChildFailed, match=r"from arq_stock noop \w+: .*/nowhere/python.*"):
        await measure(bench, absent, "noop", bench.database_url, jobs=1)


@pytest.mark.parametrize("script", list(SCRIPTS.values()))
async def test_the_scripts_of_pgbench_fit_the_schema(bench: Bench, database: Database, script: str) -> None:
    """They write jobs that have succeeded, as a worker does."""
    assert await pgbench(bench.database_url, SCRIPTS_FOLDER / script, seconds=1) > 0
    assert await sql(database, "SELECT DISTINCT state FROM job") == [("succeeded",)]


async def test_round_trips_are_counted_by_turns(redis_url: str) -> None:
    """What is sent together is one; what waits for an answer before it goes on is another."""
    parts = urlsplit(redis_url)
    async with counting(parts.hostname or "", parts.port or 0) as turns:
        through = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{turns.port}").geturl()
        client: Any = Redis.from_url(through)
        async with client:
            await client.ping()
            before = turns.count
            for _ in range(5):
                await client.ping()
            await client.echo("x" * 1_000_000)  # which no socket takes in one piece
        assert turns.count - before == 6


def test_a_part_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    """Before any server is started."""
    command = [sys.executable, "-m", "benchmarks", "--only", "engines"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "'engines' is no part" in ended.stderr
