"""Every rule for conflicts, on real advisories of which a part is there already; each line is told with its fate."""

import csv
from itertools import islice
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, reported, working
from tests.ledger import assert_balanced
from tests.worlds import live, sql, trail
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine(without=("mariadb",), reason="its bulk jobs go the same way")

ADVISORIES = 2_661
THERE = 100
"""Advisories that are there before, the first of the file; every second of them has another title."""

TASKS = ("--map", "key=key", "--map", "title=title", "--map", "description=details", "--set", "title=(untitled)")
MORE = ("--map", "project.key=package", "--map", "project.name=package", "--create-missing", "project")


@pytest.fixture
async def advisories(
    settings: Settings, database: Database, redis: ArqRedis, shared_data: Path, tmp_path: Path
) -> Path:
    """Return the file, after its first rows were imported and half of them were changed past the audit log."""
    file = shared_data / "advisories.csv"
    first = tmp_path / "first.csv"
    with file.open(encoding="utf-8", newline="") as stream, first.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(islice(csv.reader(stream), THERE + 1))
    async with working(settings, database, redis):
        assert (await imported(settings, first, "task", *TASKS, *MORE))["inserted"] == THERE
    await sql(database, "UPDATE task SET title = 'changed' WHERE id % 2 = 0")
    return file


@pytest.mark.parametrize(
    ("rule", "expected", "fates"),
    [
        ("error", (ADVISORIES - THERE, 0, 0, THERE), {"refused"}),
        ("skip", (ADVISORIES - THERE, 0, THERE, 0), {"skipped"}),
        ("update", (ADVISORIES - THERE, THERE // 2, THERE // 2, 0), {"updated", "unchanged"}),
    ],
)
async def test_each_line_has_the_fate_that_the_rule_gives_it(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings,
    database: Database,
    sessions: Sessions,
    redis: ArqRedis,
    advisories: Path,
    rule: str,
    expected: tuple[int, int, int, int],
    fates: set[str],
) -> None:
    """With the id of its row; a row that is left alone has no new audit row."""
    before = {key: row["id"] for key, row in (await live(sessions)).items()}
    async with working(settings, database, redis):
        summary = await imported(settings, advisories, "task", *TASKS, *MORE, "--on-conflict", rule)
    assert counts(summary) == expected
    report = await reported(settings, summary["jobs"][0])
    assert len(report) == ADVISORIES
    held = {line: fate for line, fate in report.items() if fate[0] != "inserted"}
    assert {fate for fate, _ in held.values()} == fates
    assert {row_id for _, row_id in held.values()} == ({""} if rule == "error" else set(map(str, before.values())))
    new = {row["id"] for key, row in (await live(sessions)).items() if key not in before}
    assert {int(row_id) for fate, row_id in report.values() if fate == "inserted"} == new
    audited = await trail(sessions, "task", summary["jobs"][0])
    assert len(audited) == expected[0] + expected[1]


async def test_an_update_is_audited_with_its_difference_alone(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, advisories: Path
) -> None:
    """Before and after of the column that differs; the version rises."""
    async with working(settings, database, redis):
        summary = await imported(settings, advisories, "task", *TASKS, *MORE, "--on-conflict", "update")
    updates = [one for one in await trail(sessions, "task", summary["jobs"][0]) if one.action == "update"]
    assert len(updates) == THERE // 2
    rows = {row["id"]: row for row in (await live(sessions)).values()}
    for entry in updates:
        row = rows[int(entry.entity_id)]
        assert entry.before is not None
        assert entry.after is not None
        assert (entry.before["title"], entry.after["title"], row["version"]) == ("changed", row["title"], 2)
        assert entry.after.keys() <= {"title", "version", "updated_at"}


async def test_the_audit_log_accounts_for_every_row(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, shared_data: Path
) -> None:
    """Also after an import that inserts, one that skips and one that finds nothing to change."""
    file = shared_data / "advisories.csv"
    async with working(settings, database, redis):
        for rule, expected in {"error": ADVISORIES, "skip": 0, "update": 0}.items():
            summary = await imported(settings, file, "task", *TASKS, *MORE, "--on-conflict", rule)
            assert (summary["inserted"], summary["refused"]) == (expected, 0)
    await assert_balanced(sessions)
