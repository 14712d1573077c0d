"""Real cities: an entity that another module registers, imported by processes that know it."""

import asyncio
import csv
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persistence.database import Database
from tests.broken_file import Break, break_file
from tests.imports import counts, summary_of, told
from tests.processes import Ended, environment, run_command, worker_process
from tests.worlds import sql
from worker.settings import Settings

CITIES = 34_032
ENTITIES = "domain.task_manager,tests.cities"
UNKNOWN = "breaks the check constraint 'unknown_to_the_schema'"
WAYS: Mapping[str, Break | str] = {
    "geonameid: Input should be a valid integer": lambda row, _: row | {"geonameid": "seven"},
    "geonameid: Input should be less than or equal to 9223372036854775807": lambda row, _: (
        row | {"geonameid": "9" * 19}
    ),
    "country: Field required": lambda row, _: row | {"country": ""},
    "name: String should have at most 200 characters": lambda row, _: row | {"name": row["name"] * 99},
    "3 cells, expected 4 as in the header": "one,two,three\n",
    " stands in line 2 too": lambda row, first: row | {"geonameid": first["geonameid"]},
    "not utf-8": "Z\xfcrich,Switzerland,,1\n",
    UNKNOWN: lambda row, _: row | {"country": "Nowhere"},
    "holds a NUL character": "a\0b,Andorra,,2\n",
    "geonameid: Input should be greater than or equal to 1": lambda row, _: row | {"geonameid": "0"},
}


@dataclass(frozen=True)
class Shell:
    """Commands in processes of their own, which know cities."""

    given: dict[str, str]

    async def run(self, *arguments: str) -> Ended:
        """Run `counterfoil` to its end."""
        return await asyncio.to_thread(run_command, self.given, *arguments)

    async def imported(self, file: Path, *options: str) -> dict[str, Any]:
        """Import cities and return the summary."""
        return summary_of(await self.run("import", str(file), "--entity", "city", "--json", *options))

    async def fates(self, summary: dict[str, Any]) -> dict[str, int]:
        """Return how many lines the report of the import names with each fate; each is named once."""
        rows = told(await self.run("report", summary["jobs"][0], "--csv"))
        assert len({row["line"] for row in rows}) == len(rows) == CITIES
        assert all((row["id"] == "") is (row["fate"] == "refused") for row in rows)
        return {fate: sum(row["fate"] == fate for row in rows) for fate in {row["fate"] for row in rows}}


@asynccontextmanager
async def shell(settings: Settings, log: Path) -> AsyncIterator[Shell]:
    """Make the table, and run a worker for the time of the block."""
    given = environment(settings, COUNTERFOIL_ENTITIES=ENTITIES)
    making = "import asyncio, tests.cities; asyncio.run(tests.cities.make_table())"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", making], env=given, check=True, timeout=60)
    with worker_process(settings, log, COUNTERFOIL_ENTITIES=ENTITIES) as worker:
        yield Shell(given)
        assert worker.stop() == 0


async def assert_there(database: Database, file: Path) -> None:
    """Assert that the cities of the file are there, and no others, each inserted once as the audit log has it."""
    with file.open(encoding="utf-8", newline="") as stream:
        wanted = [
            (int(row["geonameid"]), row["name"], row["country"], row["subcountry"] or None)
            for row in csv.DictReader(stream)
        ]
    found = await sql(database, "SELECT geonameid, name, country, subcountry FROM city")
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))
    audited = "SELECT count(DISTINCT entity_id), count(*) FROM audit_log WHERE entity = 'city' AND action = 'insert'"
    assert await sql(database, audited) == [(CITIES, CITIES)]


async def test_broken_cities_come_back_and_their_correction_completes_the_world(
    settings: Settings, database: Database, shared_data: Path, tmp_path: Path
) -> None:
    """34,032 rows in many scripts, by columns that are named as fields; empty cells are null."""
    broken = break_file(shared_data / "world-cities.csv", tmp_path / "cities.csv", WAYS, each=2)
    async with shell(settings, tmp_path / "worker.log") as commands:
        await sql(database, "ALTER TABLE city ADD CONSTRAINT unknown_to_the_schema CHECK (country <> 'Nowhere')")
        summary = await commands.imported(broken.path)
        assert counts(summary) == (CITIES - 20, 0, 0, 20)
        assert await commands.fates(summary) == {"inserted": CITIES - 20, "refused": 20}
        rejects = await commands.run("rejects", summary["jobs"][0], "--csv")
        reasons = {int(row["rejected_line"]): row["rejected_reason"] for row in told(rejects)}
        assert reasons.keys() == broken.reasons.keys()
        assert {line: reason for line, reason in reasons.items() if broken.reasons[line] not in reason} == {}
        file = tmp_path / "corrected.csv"
        file.write_text(broken.corrected(rejects.out), encoding="utf-8", newline="")
        assert counts(await commands.imported(file)) == (20, 0, 0, 0)
    await assert_there(database, shared_data / "world-cities.csv")


async def test_every_city_that_is_there_has_the_fate_that_the_rule_gives_it(
    settings: Settings, database: Database, shared_data: Path, tmp_path: Path
) -> None:
    """Rows are only written where the file says something else; more refused rows than are allowed end the job."""
    file = shared_data / "world-cities.csv"
    async with shell(settings, tmp_path / "worker.log") as commands:
        assert counts(await commands.imported(file)) == (CITIES, 0, 0, 0)
        skipped = await commands.imported(file, "--on-conflict", "skip")
        assert (counts(skipped), await commands.fates(skipped)) == ((0, 0, CITIES, 0), {"skipped": CITIES})
        await sql(database, "UPDATE city SET name = 'Elsewhere' WHERE id % 100 = 0")
        updated = await commands.imported(file, "--on-conflict", "update")
        number = CITIES // 100
        assert counts(updated) == (0, number, CITIES - number, 0)
        assert await commands.fates(updated) == {"updated": number, "unchanged": CITIES - number}
        refused = await commands.imported(file, "--max-rejects", str(CITIES))
        assert (counts(refused), await commands.fates(refused)) == ((0, 0, 0, CITIES), {"refused": CITIES})
        too_many = await commands.imported(file)
        assert "more than max_rejects 10,000 rows were refused" in too_many["failures"][0]
    await assert_there(database, file)
    changed = "SELECT count(*) FROM audit_log WHERE action = 'update' AND before ->> 'name' = 'Elsewhere'"
    assert await sql(database, changed) == [(number,)]
