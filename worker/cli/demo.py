"""`counterfoil demo`."""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from persistence.database import open_database
from persistence.engine import database_url
from persistence.scratch import create_database, drop_database
from worker.cli.run import REFUSED, fail, one_line_errors
from worker.cli.servers import DATA, development_servers
from worker.demo.http import over_http
from worker.demo.outcome import counts, differences
from worker.demo.script import StepFailedError, Timed, run_step, story, worker_process
from worker.environment import load_settings
from worker.migrate import upgrade
from worker.settings import Settings


def demo() -> None:
    """Import, update, soft-delete and restore on real servers, show the audit trail, and check the outcome.

    Everything happens in a database and on a queue of its own, which are gone afterwards.
    """
    started = time.perf_counter()
    with one_line_errors(), development_servers(DATA / "demo") as urls, _place(urls) as environment:
        settings = load_settings(environment)
        print(f"Servers are up and migrated after {time.perf_counter() - started:.1f} s.")
        try:
            with worker_process(environment, DATA / "demo" / "worker.log"):
                timed = [run_step(step, environment) for step in story()]
                requests = over_http(environment, DATA / "demo" / "web.log")
        except StepFailedError as error:
            fail(str(error), REFUSED)
        asyncio.run(_conclude(settings, timed, updates_over_http=requests))
    print(f"Nothing is left running. {time.perf_counter() - started:.1f} s in all.")


@contextmanager
def _place(urls: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment of a new, migrated database and a new queue; drop the database at the end."""
    (DATA / "demo").mkdir(parents=True, exist_ok=True)
    server, name = database_url(urls["DATABASE_URL"]), f"counterfoil_demo_{secrets.token_hex(4)}"
    place = asyncio.run(create_database(server, name)).render_as_string(hide_password=False)
    kept = {variable: value for variable, value in os.environ.items() if not variable.startswith("COUNTERFOIL_")}
    environment = {
        **kept,
        "DATABASE_URL": place,
        "REDIS_URL": urls["REDIS_URL"],
        "COUNTERFOIL_QUEUE": f"demo:{name}",
        "COUNTERFOIL_RESULT_TTL": "60",
    }
    try:
        upgrade(load_settings(environment))
        yield environment
    finally:
        asyncio.run(drop_database(server, name))


async def _conclude(settings: Settings, timed: Sequence[Timed], *, updates_over_http: int) -> None:
    console = Console(highlight=False)
    async with open_database(settings) as database:
        seen = await counts(database)
        wrong = await differences(database, over_http=updates_over_http)
    rows = Table(
        "entity", "live rows", "audited: insert", "update", "soft_delete", "restore", title="What is there now"
    )
    for name, by in seen.items():
        figures = (by.get(action, 0) for action in ("live", "insert", "update", "soft_delete", "restore"))
        rows.add_row(name, *(f"{figure:,}" for figure in figures))
    times = Table("step", "seconds", title="Times, each with the start of its process")
    for one in timed:
        times.add_row(one.step.title, f"{one.seconds:.2f}")
    console.print(rows, times)
    if wrong:
        fail("the outcome is not as expected: " + "; ".join(wrong[:5]), REFUSED)
    total = sum(sum(by.values()) - by["live"] for by in seen.values())
    print(f"Checked: counts as expected; all rows are exactly what their {total:,} audit rows lead to.")
