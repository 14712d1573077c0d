"""Twenty broken rows of different kinds come back with their reasons; corrected, they complete the table."""

from collections.abc import Mapping
from pathlib import Path

from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.broken_file import Break, break_file
from tests.imports import counts, imported, rejected, reported, working
from tests.ledger import assert_balanced
from tests.worlds import live, sql
from worker.settings import Settings

ADVISORIES = 2_661
PROJECTS = ("--map", "key=package", "--map", "name=package", "--distinct", "key")
TASKS = (
    *("--map", "key=key", "--map", "title=title", "--map", "description=details", "--set", "title=(untitled)"),
    *("--map", "project.key=package", "--map", "tags=aliases"),
)
UNKNOWN = "breaks the check constraint 'unknown_to_the_schema'"
WAYS: Mapping[str, Break | str] = {
    "key: String should have at most 200 characters": lambda row, _: row | {"key": row["key"] * 10},
    "tags: column 'aliases' is not JSON": lambda row, _: row | {"aliases": "a;b"},
    "2 cells, expected 7 as in the header": "one,two\n",
    "8 cells, expected 7 as in the header": "1,2,3,4,5,6,7,8\n",
    "project.key: no live project 'nowhere'": lambda row, _: row | {"package": "nowhere"},
    "' stands in line 2 too": lambda row, first: row | {"key": first["key"]},
    "not utf-8: byte 1 of line ": "\xff,,,,,,\n",
    UNKNOWN: lambda row, _: row | {"title": "forbidden"},
    "key: Field required": lambda row, _: row | {"key": ""},
    "holds a NUL character": "k,p,a\0b,,,,\n",
}


async def test_twenty_broken_advisories_come_back_and_their_correction_completes_the_table(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, shared_data: Path, tmp_path: Path
) -> None:
    """Those and no others, whatever found them: the reader, the schema, the related rows or the table."""
    broken = break_file(shared_data / "advisories.csv", tmp_path / "advisories.csv", WAYS, each=2)
    await sql(database, "ALTER TABLE task ADD CONSTRAINT unknown_to_the_schema CHECK (title <> 'forbidden')")
    async with working(settings, database, redis):
        await imported(settings, shared_data / "advisories.csv", "project", *PROJECTS)
        summary = await imported(settings, broken.path, "task", *TASKS)
        assert counts(summary) == (ADVISORIES - 20, 0, 0, 20)
    (job_id,) = summary["jobs"]
    text, reasons = await rejected(settings, job_id)
    assert reasons.keys() == broken.reasons.keys()
    assert {line: reason for line, reason in reasons.items() if broken.reasons[line] not in reason} == {}
    report = await reported(settings, job_id)
    assert len(report) == ADVISORIES
    assert {line for line, (fate, _) in report.items() if fate == "refused"} == reasons.keys()

    file = tmp_path / "corrected.csv"
    file.write_text(broken.corrected(text), encoding="utf-8", newline="")
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task", *TASKS)
    assert (counts(summary), summary["notes"]) == ((20, 0, 0, 0), [])
    assert len(await live(sessions)) == ADVISORIES
    await assert_balanced(sessions)
