"""Schedules, printed as a table or as JSON."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.schedule import Schedule
from persistence.schedule_list import Listed
from worker.cli.cells import one_line


def print_table(found: Sequence[Listed]) -> None:
    """Print the schedules, one in a row, times in UTC."""
    table = Table("name", "source", "cron", "zone", "job", "next (UTC)", "last tick (UTC)", "paused")
    for one in found:
        cells = [one.name, one.source, *_timing(one), _time(one.following()), _last(one), _paused(one)]
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    Console(highlight=False).print(table)


def print_json(found: Sequence[Listed]) -> None:
    """Print the schedules as a JSON list."""
    print(json.dumps([_as_json(one) for one in found]))


def times(schedule: Schedule, after: datetime, count: int) -> list[str]:
    """Return the next times of a schedule as text, each in its zone and in UTC."""
    ticks = islice(schedule.ticks(after), count)
    return [f"{tick.astimezone(ZoneInfo(schedule.zone)).isoformat()}  {tick:%Y-%m-%d %H:%M:%S} UTC" for tick in ticks]


def _timing(one: Listed) -> tuple[str, str, str]:
    return (one.schedule.cron, one.schedule.zone, one.schedule.job) if one.schedule else ("cannot be read", "", "")


def _paused(one: Listed) -> str:
    return "paused" if one.schedule and one.schedule.paused else ""


def _last(one: Listed) -> str:
    return f"{_time(one.ticked_at)} {one.job_state}" if one.ticked_at else ""


def _time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else ""


def _as_json(one: Listed) -> dict[str, Any]:
    following = one.following()
    times = {"next": following and following.isoformat(), "last_tick": one.ticked_at and one.ticked_at.isoformat()}
    times["last_state"] = one.job_state
    said = one.schedule.model_dump(mode="json") if one.schedule else {"name": one.name, "readable": False}
    return {**said, "source": one.source, **times}
