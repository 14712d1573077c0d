"""Bulk jobs: files loaded beside the limit and beside ways by hand, refused rows, mass changes, few rows."""

from collections.abc import Awaitable

from benchmarks.bench import Bench
from benchmarks.bulk.changes import changes
from benchmarks.bulk.few import few
from benchmarks.bulk.loads import loads
from benchmarks.bulk.refusals import refusals
from benchmarks.bulk.worker import bulk_worker


async def bulk(bench: Bench) -> None:
    """Measure on a database of its own."""
    async with bench.clean() as url:
        await bulk_on(bench, url)


async def bulk_on(bench: Bench, url: str) -> None:
    """Measure on this database, whose tables are emptied; what fails is named, and the rest is measured."""
    await loads(bench, url)
    async with bulk_worker(bench, url) as worker:
        await _tried(bench, "bulk.refused", refusals(bench, worker))
        await _tried(bench, "bulk.changes", changes(bench, url, worker))
    await _tried(bench, "bulk.few", few(bench, url))


async def _tried(bench: Bench, name: str, measuring: Awaitable[None]) -> None:
    try:
        await measuring
    except Exception as error:  # noqa: BLE001 - one failure costs the others no figure
        bench.figures.fail(name, error)
