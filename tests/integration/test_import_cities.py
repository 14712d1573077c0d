"""Real cities: an entity that another module registers, imported by processes that know it."""

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from tests.processes import environment, run_command, worker_process
from worker.composition import Database
from worker.settings import Settings

CITIES = 34_032
ENTITIES = "domain.task_manager,tests.cities"


async def test_every_city_of_the_world_arrives(
    settings: Settings, database: Database, shared_data: Path, tmp_path: Path
) -> None:
    """34,032 rows in many scripts, by columns that are named as fields; empty cells are null; each has an audit row."""
    file = shared_data / "world-cities.csv"
    given = environment(settings, COUNTERFOIL_ENTITIES=ENTITIES)
    making = "import asyncio, tests.cities; asyncio.run(tests.cities.make_table())"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", making], env=given, check=True, timeout=60)
    with worker_process(settings, tmp_path / "worker.log", COUNTERFOIL_ENTITIES=ENTITIES) as worker:
        ended = await asyncio.to_thread(run_command, given, "import", str(file), "--entity", "city", "--json")
        assert worker.stop() == 0
    assert (ended.code, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert (summary["read"], summary["inserted"], summary["jobs"]) == (CITIES, CITIES, 35)

    with file.open(encoding="utf-8", newline="") as stream:
        wanted = [
            (int(row["geonameid"]), row["name"], row["country"], row["subcountry"] or None)
            for row in csv.DictReader(stream)
        ]
    async with database.engine.connect() as connection:
        found = await connection.execute(text("SELECT geonameid, name, country, subcountry FROM city"))
        assert sorted(map(repr, map(tuple, found))) == sorted(map(repr, wanted))
        audited = "SELECT count(DISTINCT entity_id) FROM audit_log WHERE entity = 'city' AND action = 'insert'"
        assert await connection.scalar(text(audited)) == CITIES
