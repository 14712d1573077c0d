"""Cron: the times at which an expression ticks on a clock that is put forward and back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge
from zoneinfo import ZoneInfo

from cronsim import CronSim

MINUTE = timedelta(minutes=1)


def ticks(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the times, in UTC and increasing, at which the expression ticks after the given one, without end.

    Five fields, or six with the seconds first. With a `*` in the minutes or hours it ticks as the clock shows; at fixed
    hours, a time that the clock skips ticks right after the gap, and one that it shows twice ticks the first time.
    Source: `man 8 cron` of Debian.
    """
    *_, minute, hour, _day, _month, _weekday = fields = cron.split()
    expression = " ".join(fields[-5:])
    local = (after.astimezone(zone) - MINUTE).replace(second=0, microsecond=0)
    seconds = sorted(CronSim(cron, local).seconds)
    minutes = _shown(expression, local, zone) if "*" in {minute[0], hour[0]} else CronSim(expression, local)
    for tick in (start.astimezone(UTC) + timedelta(seconds=second) for start in minutes for second in seconds):
        if tick > after:
            yield tick
            after = tick


def _shown(expression: str, local: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield every minute, in UTC, at which the zone's clock shows a matching time.

    The clock is walked without its zone, since cronsim's steps of a whole hour pass over the first half hour of a day
    after a change of half an hour (Lord Howe).
    """
    # An hour earlier: the clock may be showing this time for the second time.
    walks = (CronSim(expression, local.replace(tzinfo=None) - timedelta(hours=1)) for _ in range(2))
    return merge(*(_in_utc(walk, zone, fold) for fold, walk in enumerate(walks)))


def _in_utc(walk: Iterator[datetime], zone: ZoneInfo, fold: int) -> Iterator[datetime]:
    """Yield the times of a clock in UTC, without those that it skips; `fold` tells which of two equal ones is meant."""
    for shown in walk:
        tick = shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if tick.astimezone(zone).replace(tzinfo=None) == shown:
            yield tick
