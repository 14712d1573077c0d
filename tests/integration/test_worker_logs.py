"""What a worker process logs: every line of a job says whose it is, and no line holds a payload's value or a secret."""

from pathlib import Path
from urllib.parse import urlsplit

from arq.connections import ArqRedis
from pydantic import JsonValue

from persistence.database import Database
from tests.processes import Running, worker_process
from tests.relays import connected
from tests.waiting import eventually
from tests.workers import answered, retitle
from tests.worlds import plant
from worker.client import send
from worker.settings import Settings

MARKER = "Xyzzy"
"""A value that a payload holds and no log may."""

SENT: dict[str, tuple[str, dict[str, JsonValue]]] = {
    "committed": ("update", retitle("t0", MARKER, reason=MARKER, request_id="r-1")),
    "schema": ("update", {**retitle("t0", MARKER, request_id="r-1"), "changes": {"status": MARKER, MARKER: MARKER}}),
    "command": ("update", retitle("t0", MARKER, request_id="r-1", surplus=MARKER)),
    "missing": ("update", retitle(MARKER + "?", MARKER, request_id="r-1")),
    "duplicate": ("update", {**retitle("t1", MARKER, request_id="r-1"), "changes": {"key": MARKER}}),
    "constraint": ("update", retitle("t1", MARKER + " is forbidden", request_id="r-1")),
    "unknown": ("updat", retitle("t0", MARKER, request_id="r-1")),
}
UNEXPECTED = """
SELECT enqueue_job(
    'update', '{"entity": "task", "key": "t1", "changes": {"title": "Xyzzy raises"}}', actor => 'billing',
    job_id => 'unexpected', queue => $1, request_id => 'r-1', max_attempts => 1
)
"""
FAILURES = {
    "schema": "InvalidRows",
    "command": "InvalidCommand",
    "missing": "NotFound",
    "duplicate": "Duplicate",
    "constraint": "ConstraintViolated",
    "unexpected": "DBAPIError",
}
RULES = """
ALTER TABLE task ADD CONSTRAINT forbidden CHECK (title <> 'Xyzzy is forbidden');
CREATE FUNCTION object_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'this is not done: %', NEW.title; END $$;
CREATE TRIGGER object_to BEFORE UPDATE ON task FOR EACH ROW
WHEN (NEW.title = 'Xyzzy raises') EXECUTE FUNCTION object_to();
UPDATE task SET key = 'Xyzzy' WHERE key = 't2';
"""


async def log_of_all(settings: Settings, database: Database, redis: ArqRedis, log: Path, level: str) -> Running:
    """Send every job to a worker process, check what it answers, stop it, and return it with its log."""
    await plant(database.sessions)
    async with database.engine.begin() as connection:
        for rule in RULES.split(";\n"):
            await connection.exec_driver_sql(rule)
    with worker_process(settings, log, COUNTERFOIL_LOG_LEVEL=level) as worker:
        for job_id, (job, arguments) in SENT.items():
            await send(redis, settings.queue, job, arguments, job_id=job_id)
        async with connected(settings) as connection:
            await connection.fetch(UNEXPECTED, settings.queue)
        failures = {
            job_id: (await answered(redis, job_id)).failure.partition(":")[0] for job_id in ("committed", *FAILURES)
        }
        assert failures == {"committed": "", **FAILURES}

        async def waits() -> bool:
            return worker.said("job.unknown")

        await eventually(waits, "the job of an unknown name waits")
        assert worker.stop() == 0
        assert worker.process.stdout
        assert worker.process.stdout.read() == ""
    return worker


async def test_every_line_of_a_job_says_whose_it_is(
    settings: Settings, database: Database, redis: ArqRedis, tmp_path: Path
) -> None:
    """Job id, job, actor and request id stand on each, also on those of refused jobs; errors are named by class."""
    lines = (await log_of_all(settings, database, redis, tmp_path / "log", "info")).lines()
    of_jobs = [line for line in lines if line["event"].startswith("job.")]
    for line in of_jobs:
        asked = line["job_id"], line["job"], line["actor"], line["request_id"]
        name = SENT.get(line["job_id"], ("update", {}))[0]
        assert asked == (line["job_id"], name, "billing", "r-1")
    outcomes = {line["job_id"]: line["event"] for line in of_jobs if line["event"] != "job.started"}
    refused = dict.fromkeys(FAILURES, "job.refused")
    others = {"committed": "job.committed", "unexpected": "job.failed", "unknown": "job.unknown"}
    assert outcomes == {**refused, **others}
    assert {line["job_id"]: line["error"] for line in of_jobs if "error" in line} == FAILURES
    (failed,) = [line for line in of_jobs if line["event"] == "job.failed"]
    assert "persistence/update.py" in failed["stack"]
    assert {line["event"] for line in lines if line not in of_jobs} == {
        "worker.started",
        "engine.started",
        "worker.stopping",
        "worker.stopped",
    }


async def test_no_line_holds_a_value_or_a_password(
    settings: Settings, database: Database, redis: ArqRedis, tmp_path: Path
) -> None:
    """Even at debug, with every SQL statement in the log, and whatever went wrong."""
    worker = await log_of_all(settings, database, redis, tmp_path / "log", "debug")
    log = worker.log.read_text()
    assert "WITH planned AS" in log
    assert MARKER not in log
    for url in (settings.database_url, settings.redis_url):
        password = urlsplit(url.get_secret_value()).password
        assert not password or password not in log
