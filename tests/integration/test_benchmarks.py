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
from benchmarks.bulk.loads import BY_HAND
from benchmarks.bulk.state import WrongCount, filled, require_loaded
from benchmarks.bulk.worker import JobFailed, bulk_worker
from benchmarks.child import ChildFailed
from benchmarks.contenders import OURS, PEERS
from benchmarks.databases import connected, plain
from benchmarks.layers.targets import WORK
from benchmarks.match import measure
from benchmarks.meter import WARM
from benchmarks.parts.bulk import bulk_on
from benchmarks.parts.layers import layers_on
from benchmarks.parts.limit import SCRIPTS, SCRIPTS_FOLDER, pgbench
from benchmarks.targets import TARGETS
from benchmarks.turns import counting
from domain.commands import BulkInsert
from persistence.database import Database
from tests.processes import REPOSITORY
from tests.worlds import sql
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


async def test_bulk_jobs_are_measured_in_every_way_that_the_targets_name(bench: Bench) -> None:
    """At a size at which it takes seconds; a way that left rows or their audit rows out would have failed."""
    rows = 300
    bench.sizes = (rows,)
    await bulk_on(bench, bench.database_url)
    assert bench.figures.failures == {}
    found = bench.figures.values
    assert {f"bulk.{rows}.{way}" for way in ("ours", "psql", *BY_HAND)} <= found.keys()
    assert {f"bulk.memory.{rows}.{way}" for way in ("ours", *BY_HAND)} <= found.keys()
    named = {name for one in TARGETS if one.part == "bulk" for name in (one.figure, one.of) if name}
    assert {name for name in named if not any(part.isdecimal() for part in name.split("."))} <= found.keys()
    assert {f"bulk.few.1.{way}" for way in ("statement", "copy")} <= found.keys()
    assert min(value for values in found.values() for value in values) > 0


async def test_the_services_do_the_work_that_is_done_by_hand(bench: Bench) -> None:
    """Every piece of it by both; whoever meets another number of rows has no figure; who is absent is named."""
    await layers_on(bench, bench.database_url)
    assert {f"layers.{work}.{layer}" for work in WORK for layer in ("ours", "bare")} <= bench.figures.values.keys()
    assert bench.figures.failures.keys() <= {"layers.fastcrud_layer", "layers.advanced"}


async def test_a_load_without_its_audit_rows_has_no_rate(bench: Bench) -> None:
    """Who leaves the audit out would be the fastest."""
    async with connected(bench.database_url) as connection:
        await filled(connection, 3)
        with pytest.raises(WrongCount, match="orm wrote 3 rows and 0 audit rows; expected 3 of each"):
            await require_loaded(connection, "orm", 3)


async def test_a_job_that_is_refused_is_not_waited_for(bench: Bench) -> None:
    """It names what stopped the job, and its rows are in no figure."""
    async with bulk_worker(bench, bench.database_url) as worker:
        with pytest.raises(JobFailed, match=r"bulk_insert was not committed: UnknownName"):
            await worker.run(BulkInsert(entity="taks", rows=[{"key": "a"}]))


@pytest.mark.parametrize("sizes", ["many", "10000,0"])
def test_sizes_that_are_no_numbers_of_rows_are_refused(sizes: str) -> None:
    """Before any server is started."""
    command = [sys.executable, "-m", "benchmarks", "--only", "bulk", "--sizes", sizes]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "is no number of rows" in ended.stderr


def test_a_part_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    """Before any server is started."""
    command = [sys.executable, "-m", "benchmarks", "--only", "engines"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "'engines' is no part" in ended.stderr
