"""Schedules over both changes of the clock, in three zones: none invented, none doubled, none missing."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.schedule import FRESH, MAKE_UP, CatchUp, Schedule

# Changes of the clock in 2026, in UTC; Lord Howe's is of half an hour.
CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC)),
}
changes = st.sampled_from([(zone, change) for zone, both in CHANGES.items() for change in both])
hours, minutes = st.integers(0, 23), st.integers(0, 59)
DAYS = 3
bounded = settings(max_examples=60, deadline=None, database=None)


def schedule(cron: str, zone: str = "UTC", **more: object) -> Schedule:
    """Return a schedule of the job `prune`."""
    return Schedule.model_validate({"name": "s", "cron": cron, "zone": zone, "job": "prune", **more})


def window(change: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the local midnights before and after the days round a change."""
    day = change.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return tuple((day + timedelta(days=days)).astimezone(UTC) for days in (-1, DAYS - 1))  # type: ignore[return-value]


def ticks(given: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """Return the ticks from `start` on, before `end`."""
    return list(takewhile(lambda tick: tick < end, given.ticks(start - timedelta(seconds=1))))


def exists(local: datetime) -> bool:
    """Tell whether the clock shows this time on that day."""
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(fold=0) == local.replace(fold=0)


@bounded
@given(changes, hours, minutes, st.sampled_from(("", "0 ")))
@example(("Europe/Berlin", CHANGES["Europe/Berlin"][0]), 2, 30, "")
@example(("Australia/Lord_Howe", CHANGES["Australia/Lord_Howe"][0]), 2, 15, "")
@example(("Australia/Lord_Howe", CHANGES["Australia/Lord_Howe"][0]), 0, 1, "0 ")
@example(("Australia/Lord_Howe", CHANGES["Australia/Lord_Howe"][1]), 1, 45, "0 ")
def test_a_fixed_hour_ticks_once_on_every_day(
    change: tuple[str, datetime], hour: int, minute: int, seconds: str
) -> None:
    """Also where the clock skips it (then right after the gap), and where the clock shows it twice."""
    zone, at = change
    start, end = window(at, zone)
    found = ticks(schedule(f"{seconds}{minute} {hour} * * *", zone), start, end)
    local = [tick.astimezone(ZoneInfo(zone)) for tick in found]
    first = start.astimezone(ZoneInfo(zone))
    assert [tick.date() for tick in local] == [(first + timedelta(days=n)).date() for n in range(DAYS)]
    for tick in local:
        asked = tick.replace(hour=hour, minute=minute, fold=0)
        assert (tick.hour, tick.minute) == (hour, minute) if exists(asked) else tick.astimezone(UTC) == at


@bounded
@given(changes, st.integers(1, 30), st.sets(hours, min_size=1))
@example(("Australia/Lord_Howe", CHANGES["Australia/Lord_Howe"][0]), 5, {0})
def test_a_star_ticks_as_the_clock_shows(change: tuple[str, datetime], step: int, at_hours: set[int]) -> None:
    """Every minute of real time at which the clock shows a matching one, the repeated hour included; no other."""
    zone, at = change
    start, end = window(at, zone)
    every = (start + timedelta(minutes=n) for n in range(int((end - start) / timedelta(minutes=1))))
    shown = ((moment, moment.astimezone(ZoneInfo(zone))) for moment in every)
    expected = [moment for moment, local in shown if local.minute % step == 0 and local.hour in at_hours]
    cron = f"*/{step} {','.join(map(str, at_hours))} * * *"
    assert ticks(schedule(cron, zone), start, end) == expected


@bounded
@given(
    changes,
    st.sampled_from(("{m} {h} * * *", "*/{m} * * * *", "*/{m} {h} * * *", "{m} * * * *", "{s},{m} {m} {h} * * *")),
    hours,
    st.data(),
)
def test_ticks_increase_and_do_not_depend_on_where_one_looks_from(
    change: tuple[str, datetime], form: str, hour: int, data: st.DataObject
) -> None:
    """Two workers that look from different moments see the same ticks; each is later than the one before."""
    zone, at = change
    start, end = window(at, zone)
    given_schedule = schedule(form.format(m=data.draw(st.integers(1, 59)), h=hour, s=data.draw(minutes)), zone)
    all_ticks = ticks(given_schedule, start, end)
    assert all(earlier < later for earlier, later in pairwise(all_ticks))
    later = start + timedelta(seconds=data.draw(st.integers(0, int((end - start).total_seconds()))))
    assert ticks(given_schedule, later, end) == [tick for tick in all_ticks if tick >= later]


@bounded
@given(changes, st.sampled_from(CatchUp), st.integers(0, 100_000), st.integers(1, 200_000))
def test_what_was_missed_is_made_up_for_by_the_policy(
    change: tuple[str, datetime], catch_up: CatchUp, offset: int, absence: int
) -> None:
    """`all` makes up for the newest hundred, `last` for the newest, `skip` for none but a fresh one."""
    zone, at = change
    after = at - timedelta(seconds=offset)
    now = after + timedelta(seconds=absence)
    given_schedule = schedule("*/7 * * * *", zone, catch_up=catch_up)
    missed = [tick for tick in takewhile(lambda tick: tick <= now, given_schedule.ticks(after)) if tick > after]
    expected = {
        CatchUp.ALL: missed[-MAKE_UP:],
        CatchUp.LAST: missed[-1:],
        CatchUp.SKIP: [tick for tick in missed[-1:] if now - tick <= FRESH],
    }
    assert given_schedule.due(after, now) == expected[catch_up]


@bounded
@example(datetime(2001, 10, 27, 21, 1, 1, tzinfo=UTC), 11_282.0)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.floats(0, 86_400))  # noqa: DTZ001 - Hypothesis wants naive bounds
def test_a_tick_is_one_job_wherever_it_is_computed(tick: datetime, jitter: float) -> None:
    """Its id and its delay are the same on every worker and in every zone; the delay is within the jitter."""
    tick = tick.replace(microsecond=0)
    here, there = schedule("0 3 * * *", jitter=jitter), schedule("0 3 * * *", "Europe/Berlin", jitter=jitter)
    in_berlin = tick.astimezone(ZoneInfo("Europe/Berlin"))
    assert here.job_id(tick) == there.job_id(in_berlin) == f"cron:s:{tick:%Y-%m-%dT%H:%M:%SZ}"
    assert here.run_at(tick) == there.run_at(in_berlin)
    assert timedelta(0) <= here.run_at(tick) - tick <= timedelta(seconds=jitter)


def test_the_jitter_spreads_the_ticks() -> None:
    """A hundred days' ticks of one schedule do not run at the same second."""
    given_schedule = schedule("0 3 * * *", jitter=300)
    days = [datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days=n) for n in range(100)]
    delays = {round((given_schedule.run_at(day) - day).total_seconds()) for day in days}
    assert len(delays) > 50


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("zone", "Europe/Berln", "did you mean 'Europe/Berlin'"),
        ("cron", "61 3 * * *", "'61 3 * * *' is no cron expression"),
        ("cron", "every day", "for example '0 3 * * *'"),
        ("catch_up", "some", "'skip', 'last' or 'all'"),
        ("jitter", -1, "greater than or equal to 0"),
        ("name", "a b", "pattern"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(field: str, value: object, sentence: str) -> None:
    """The message names the value, and the nearest valid one where there is one."""
    with pytest.raises(ValidationError, match=r".*") as refused:
        schedule(**{"cron": "0 3 * * *", field: value})  # type: ignore[arg-type]
    assert sentence in str(refused.value)
