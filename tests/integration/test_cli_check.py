"""`counterfoil check`: settings, servers, migrations, connections; each finding says what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from persistence.sessions import Sessions
from tests.processes import Ended, command
from tests.relays import accept, new_project
from worker.settings import Settings


def findings(ended: Ended) -> dict[str, tuple[str, str]]:
    """Return what was seen and what is advised, by subject."""
    found: dict[str, tuple[str, str]] = {}
    subject = seen = ""
    for line in ended.out.splitlines():
        if line.startswith("    "):
            found[subject] = (seen, line.strip())
        else:
            subject, _, seen = line[3:].strip().partition(": ")
            assert line.startswith(("ok ", "!! "))
            found[subject] = (seen, "")
    return found


async def test_a_good_deployment_is_all_ok(settings: Settings) -> None:
    """Entities, both servers with their versions, the migration, connections and eviction are looked at."""
    ended = await command(settings, "check")
    found = findings(ended)
    assert (ended.code, ended.err) == (0, "")
    assert set(found) == {
        "entities",
        "PostgreSQL",
        "migrations",
        "connections",
        "concurrency",
        "Redis",
        "Redis eviction",
    }
    assert found["entities"] == ("member, project, task", "")
    assert not any(advice for _, advice in found.values())


async def test_a_database_that_is_not_migrated_is_found(settings: Settings) -> None:
    """The finding names the command, and the exit code says that there is one."""
    assert (await command(settings, "migrate", "downgrade", "base")).code == 0
    ended = await command(settings, "check")
    assert ended.code == 1
    assert findings(ended)["migrations"] == ("none", "run `counterfoil migrate`")


async def test_more_connections_than_the_server_grants_are_found_before_they_are_opened(settings: Settings) -> None:
    """Pools times processes times workers against max_connections; jobs against the pool of their process."""
    ended = await command(
        settings, "check", COUNTERFOIL_PROCESSES="4", COUNTERFOIL_WORKERS="250", COUNTERFOIL_CONCURRENCY="16"
    )
    found = findings(ended)
    assert ended.code == 1
    assert found["connections"][0].startswith("15000 of ")
    assert "(pool size + overflow) x processes x workers = 15000 connections" in found["connections"][1]
    assert (
        "COUNTERFOIL_POOL_SIZE, COUNTERFOIL_MAX_OVERFLOW, COUNTERFOIL_PROCESSES or COUNTERFOIL_WORKERS"
        in found["connections"][1]
    )
    assert found["concurrency"][0] == "16 jobs, 14 connections for them"
    assert "raise COUNTERFOIL_POOL_SIZE, or lower COUNTERFOIL_CONCURRENCY to 14" in found["concurrency"][1]


async def test_the_health_ports_own_connections_are_counted(settings: Settings) -> None:
    """Each process that tells its health has one beside its pool."""
    ended = await command(
        settings, "check", COUNTERFOIL_PROCESSES="4", COUNTERFOIL_WORKERS="250", COUNTERFOIL_HEALTH_PORT="0"
    )
    seen, advice = findings(ended)["connections"]
    assert seen.startswith("16000 of ")
    assert "(pool size + overflow + 1 for the health port) x processes x workers = 16000 connections" in advice


async def test_a_queue_that_nobody_serves_is_found(settings: Settings, sessions: Sessions) -> None:
    """A sender may have named a queue on which its jobs wait for ever; what is for later is no concern yet."""
    later = datetime.now(UTC) + timedelta(days=1)
    await accept(sessions, new_project("a", "nowhere"), new_project("b", "tomorrow", run_at=later))
    ended = await command(settings, "check")
    found = {subject: told for subject, told in findings(ended).items() if subject.startswith("queue ")}
    assert (ended.code, set(found)) == (1, {"queue nowhere"})
    assert found["queue nowhere"][0] == "1 due jobs"
    assert found["queue nowhere"][1].startswith("no worker serves it: start one with COUNTERFOIL_QUEUE")


async def test_one_server_that_does_not_answer_does_not_hide_the_other(settings: Settings) -> None:
    """Both are looked at, and the URL is shown without its password."""
    ended = await command(settings, "check", DATABASE_URL="postgresql://me:topsecret@127.0.0.1:1/app")
    found = findings(ended)
    assert ended.code == 1
    assert found["PostgreSQL"][0] == "no"
    assert "postgresql://me:***@127.0.0.1:1/app does not answer" in found["PostgreSQL"][1]
    assert found["Redis"][1] == ""
    ended = await command(settings, "check", REDIS_URL="redis://:topsecret@127.0.0.1:1/0")
    assert "redis://:***@127.0.0.1:1/0 does not answer" in findings(ended)["Redis"][1]
    assert "topsecret" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("COUNTERFOIL_CONCURENCY", "3", "unknown setting 'COUNTERFOIL_CONCURENCY'; did you mean 'COUNTERFOIL_CONC"),
        ("COUNTERFOIL_LOG_LEVEL", "loud", "COUNTERFOIL_LOG_LEVEL='loud': Input should be 'debug', 'info', "),
        ("COUNTERFOIL_ENTITIES", "shop.tables", "COUNTERFOIL_ENTITIES names 'shop.tables', which cannot be imported"),
        ("DATABASE_URL", "oracle://me:topsecret@db/app", "DATABASE_URL=(hidden): unknown database 'oracle'"),
    ],
)
async def test_a_wrong_setting_is_one_line(settings: Settings, name: str, value: str, line: str) -> None:
    """The name, the value unless it is a URL, and what was expected or is nearest; exit code 2."""
    ended = await command(settings, "check", **{name: value})
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: {line}")
    assert "topsecret" not in ended.line
