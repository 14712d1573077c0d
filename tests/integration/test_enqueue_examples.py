"""The README's examples of the door into the job table run as they stand."""

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from persistence.database import Database
from persistence.sessions import Sessions
from tests.relays import connected, job
from worker.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def block(language: str, word: str) -> str:
    """Return the first block of a language that holds a word."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(str(found) for found in blocks if word in found)


async def test_sql(settings: Settings, sessions: Sessions) -> None:
    """Beside a table of the caller's own."""
    async with connected(settings) as connection:
        await connection.execute("CREATE TABLE invoice (id integer, paid boolean)")
        await connection.execute(block("sql", "enqueue_job"))
    row = await job(sessions, "invoice-17-paid")
    assert (row.name, row.actor, row.reason, row.arguments["key"]) == ("update", "billing", "invoice paid", "KEL-7")


async def test_python(database: Database, sessions: Sessions) -> None:
    """On a session of the caller's."""
    names: dict[str, Any] = {}
    program = "async def example(session, tomorrow):\n" + textwrap.indent(block("python", "import enqueue"), "    ")
    exec(program, names)  # noqa: S102 - this repository's own README
    async with AsyncSession(database.engine) as session, session.begin():
        await names["example"](session, datetime(2036, 1, 2, tzinfo=UTC))
    assert (await job(sessions, "invoice-17-paid")).run_at.year == 2036
