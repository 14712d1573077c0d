"""Schedules, kept by an operator."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from persistence.schedule_table import ScheduleRow, ScheduleTick
from persistence.sessions import Sessions
from persistence.ticks import tick
from tests.processes import command
from tests.resting import actions, jobs
from tests.worlds import begin
from worker.schedules import shipped_schedules
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine

NIGHTLY = ("--cron", "0 3 * * *", "--zone", "Europe/Berlin", "--job", "purge", "--arguments", '{"retention_days": 30}')


async def listed(settings: Settings) -> dict[str, Any]:
    """Return what `counterfoil schedule list --json` prints, by name."""
    ended = await command(settings, "schedule", "list", "--json")
    return {one["name"]: one for one in json.loads(ended.out)}


async def rewind(sessions: Sessions, name: str, since: timedelta) -> None:
    """Let a schedule have ticked no later than so long ago."""
    async with begin(sessions) as tx:
        change = update(ScheduleTick).where(col(ScheduleTick.name) == name)
        await tx.session.execute(change.values(ticked_at=datetime.now(UTC) - since))


async def test_a_schedule_is_added_listed_and_ticks(settings: Settings, sessions: Sessions) -> None:
    """Its next time is told, its ticks become jobs with its arguments, and the list shows the last one."""
    ended = await command(settings, "schedule", "add", "nightly", *NIGHTLY, "--actor", "ada", "--reason", "tidy")
    assert (ended.code, ended.out[:15]) == (0, "nightly: next a")
    await rewind(sessions, "nightly", timedelta(days=1))
    assert await tick(sessions, shipped_schedules(settings), queue=settings.queue) == 1
    ((job_id, job),) = (await jobs(sessions)).items()
    assert (job["name"], job["arguments"], job["actor"]) == ("purge", {"retention_days": 30}, "cron")
    told = (await listed(settings))["nightly"]
    assert told["last_tick"].startswith(job_id.removeprefix("cron:nightly:").removesuffix("Z"))
    assert (told["source"], told["zone"], told["last_state"], told["paused"]) == (
        "table",
        "Europe/Berlin",
        "queued",
        False,
    )
    assert datetime.fromisoformat(told["next"]) - datetime.now(UTC) < timedelta(days=1, hours=1)
    (entry,) = await actions(sessions, "schedule")
    assert (entry.entity_id, entry.action, entry.actor, entry.reason) == ("nightly", "insert", "ada", "tidy")


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="no database is asked")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--zone", "Europe/Berlim"), "zone: unknown time zone 'Europe/Berlim'; did you mean 'Europe/Berlin'?"),
        (("--zone", "xyz"), "zone: unknown time zone 'xyz'; such as Africa/Abidjan"),
        (("--cron", "0 3 * * mond"), "cron: '0 3 * * mond' is no cron expression (Bad day-of-week); for example"),
        (("--job", "purg"), "unknown job 'purg'; did you mean 'purge'?"),
        (("--arguments", '{"retention_day": 30}'), "unknown argument 'retention_day'; did you mean 'retention_days'?"),
        (("--arguments", '{"retention_days": 30, "actor": "me"}'), "actor: is the schedule's own"),
        (("--arguments", "[]"), "the arguments are not a JSON object (not a JSON object); for example"),
        (("--jitter", "-1"), "jitter: Input should be greater than or equal to 0"),
    ],
)
async def test_what_does_not_hold_is_refused(
    settings: Settings, sessions: Sessions, changed: tuple[str, str], said: str
) -> None:
    """One line with the nearest valid name and exit code 2; nothing is kept."""
    ended = await command(settings, "schedule", "add", "nightly", *NIGHTLY, *changed)
    assert (ended.code, said in ended.line) == (2, True), ended.line
    assert "nightly" not in await listed(settings)
    assert await actions(sessions, "schedule") == []


async def test_a_name_is_taken_once(settings: Settings) -> None:
    """A name with a blank is none; a second schedule of a name is refused."""
    ended = await command(settings, "schedule", "add", "at night", *NIGHTLY)
    assert (ended.code, ended.line[:40]) == (2, "counterfoil: schedule 'at night': name: ")
    await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    ended = await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    assert (ended.code, "'nightly' is there already; `counterfoil schedule remove nightly`" in ended.line) == (2, True)


@pytest.mark.parametrize("action", ["pause", "resume", "remove", "next"])
async def test_an_unknown_schedule_is_refused_with_the_nearest(settings: Settings, action: str) -> None:
    """One line and exit code 2."""
    ended = await command(settings, "schedule", action, "prun")
    assert (ended.code, ended.line) == (2, "counterfoil: unknown schedule 'prun'; did you mean 'prune'?")


async def test_a_paused_schedule_does_not_tick_until_it_is_resumed(settings: Settings, sessions: Sessions) -> None:
    """What it missed is made up for by its policy; both actions are audited."""
    await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    assert (await command(settings, "schedule", "pause", "nightly", "--actor", "ada")).out == "nightly: paused\n"
    assert (await command(settings, "schedule", "pause", "nightly")).out == "nightly: was paused already\n"
    await rewind(sessions, "nightly", timedelta(days=3))
    assert await tick(sessions, {}, queue=settings.queue) == 0
    assert [(await listed(settings))["nightly"][key] for key in ("paused", "next")] == [True, None]
    assert (await command(settings, "schedule", "resume", "nightly", "--actor", "ada")).out == "nightly: resumed\n"
    assert (await command(settings, "schedule", "resume", "nightly")).out == "nightly: was not paused\n"
    assert await tick(sessions, {}, queue=settings.queue) == 1
    steps = [(entry.action, entry.before, entry.after) for entry in (await actions(sessions, "schedule"))[1:]]
    off, on = {"paused": False}, {"paused": True}
    assert steps == [("update", off, on), ("update", on, off)]


async def test_a_schedule_in_code_is_paused_by_a_row(settings: Settings, sessions: Sessions) -> None:
    """Resumed, the row goes and the code rules again; it cannot be removed."""
    await command(settings, "schedule", "pause", "prune")
    async with begin(sessions) as tx:
        row = await tx.session.get_one(ScheduleRow, "prune")
        assert (row.paused, row.cron) == (True, "30 3 * * *")
    assert (await listed(settings))["prune"]["source"] == "table, over code"
    await command(settings, "schedule", "resume", "prune")
    told = (await listed(settings))["prune"]
    assert (told["source"], told["paused"]) == ("code", False)
    ended = await command(settings, "schedule", "remove", "prune")
    assert (ended.code, "'prune' is in code; `counterfoil schedule pause prune` stops it" in ended.line) == (2, True)


async def test_a_row_over_code_is_removed_and_the_code_rules_again(settings: Settings) -> None:
    """An operator's own times for a shipped schedule last until the row goes."""
    arguments = ("--job", "prune", "--arguments", '{"finished_days": 3, "dead_days": 4}')
    await command(settings, "schedule", "add", "prune", "--cron", "0 5 * * *", *arguments)
    assert (await listed(settings))["prune"]["cron"] == "0 5 * * *"
    ended = await command(settings, "schedule", "remove", "prune")
    assert ended.out == "prune: removed; the one in code rules again\n"
    assert (await listed(settings))["prune"]["cron"] == "30 3 * * *"


async def test_a_removed_schedule_that_is_added_again_makes_up_for_nothing(
    settings: Settings, sessions: Sessions
) -> None:
    """It ticks from the moment it was added."""
    await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    await rewind(sessions, "nightly", timedelta(days=9))
    assert (await command(settings, "schedule", "remove", "nightly")).out == "nightly: removed\n"
    await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    assert await tick(sessions, {}, queue=settings.queue) == 0
    assert [entry.action for entry in await actions(sessions, "schedule")] == ["insert", "purge", "insert"]


async def test_next_prints_times_in_the_zone_and_in_utc(settings: Settings) -> None:
    """As many as asked, in order."""
    await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    ended = await command(settings, "schedule", "next", "nightly", "--count", "3")
    times = [datetime.fromisoformat(line.split("  ")[0]) for line in ended.out.splitlines()]
    assert (len(times), {time.hour for time in times}) == (3, {3})
    assert times == sorted(times)
    assert ended.out.count(" UTC\n") == 3


async def test_a_row_that_cannot_be_read_is_listed_and_can_be_removed(settings: Settings, sessions: Sessions) -> None:
    """Somebody wrote it past the command: it does not tick, and does not hide the others."""
    async with begin(sessions) as tx:
        tx.session.add(ScheduleRow(name="odd", cron="often", zone="UTC", job="purge", arguments={}))
    told = await command(settings, "schedule", "list")
    assert (told.code, "cannot be read" in told.out, "prune" in told.out) == (0, True, True)
    assert (await command(settings, "schedule", "next", "odd")).code == 1
    assert (await command(settings, "schedule", "remove", "odd")).out == "odd: removed\n"


async def test_a_schedule_that_cannot_tick_does_not_stop_the_others(settings: Settings, sessions: Sessions) -> None:
    """A row written past the command names a job that nobody knows: the others tick, and the refusal is told."""
    async with begin(sessions) as tx:
        tx.session.add(ScheduleRow(name="another", cron="* * * * *", zone="UTC", job="nobody", arguments={}))
    await command(settings, "schedule", "add", "nightly", *NIGHTLY)
    await tick(sessions, {}, queue=settings.queue)
    for name in ("another", "nightly"):
        await rewind(sessions, name, timedelta(days=1))
    said: list[str] = []
    made = await tick(sessions, {}, queue=settings.queue, refused=lambda name, error: said.append(f"{name}: {error}"))
    assert (made, len(said), said[0].startswith("another: "), "unknown job" in said[0]) == (1, 1, True, True)
    assert [row["name"] for row in (await jobs(sessions)).values()] == ["purge"]
