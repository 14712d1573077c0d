"""Schedules: when a cron expression ticks in its time zone, what is made up for, and how a tick becomes a job."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from domain.cron import ticks
from domain.errors import unknown

MAKE_UP = 100
"""The most ticks that `all` makes up for after a pause; older ones are let go."""

FRESH = timedelta(seconds=60)
"""A tick that is at most so old is not missed yet: a worker restarts in less."""


@cache
def _zones() -> frozenset[str]:
    """Return the names of all time zones: to find them takes tens of milliseconds, and schedules are read often."""
    return frozenset(available_timezones())


class CatchUp(StrEnum):
    """What becomes of ticks that nobody was there for."""

    SKIP = "skip"
    LAST = "last"
    ALL = "all"


class Schedule(BaseModel):
    """A job that is due by the clock.

    `cron` has five fields, or six with seconds first; `zone` is an IANA name. Clock changes are Debian cron's: a job at
    a fixed hour that the spring skips runs right after the gap, one that the autumn repeats runs once; `*` runs as the
    clock shows. `jitter` delays each tick by up to so many seconds (a day at most), always the same for the same tick.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100, pattern=r"^[\w.-]+$")
    cron: str
    zone: str = "UTC"
    job: str
    arguments: dict[str, JsonValue] = {}
    catch_up: CatchUp = CatchUp.LAST
    jitter: float = Field(default=0, ge=0, le=86_400, allow_inf_nan=False)
    paused: bool = False

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in (known := _zones()):
            raise ValueError(unknown("time zone", zone, known))
        return zone

    @field_validator("cron")
    @classmethod
    def _sound_expression(cls, cron: str) -> str:
        try:
            CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(
                f"{cron!r} is no cron expression ({error}); for example '0 3 * * *', every day at three"
            ) from None
        return cron

    def ticks(self, after: datetime) -> Iterator[datetime]:
        """Return the times, in UTC, at which the schedule ticks after the given one, without end."""
        return ticks(self.cron, ZoneInfo(self.zone), after)

    def due(self, after: datetime, now: datetime) -> list[datetime]:
        """Return the ticks after `after` up to `now` that are to run, by the catch-up policy.

        `skip` runs the newest tick unless it is older than `FRESH`, `last` runs the newest however old it is, `all` the
        newest `MAKE_UP` of them.
        """
        missed = self._newest(after, now)
        match self.catch_up:
            case CatchUp.ALL:
                return missed
            case CatchUp.LAST:
                return missed[-1:]
            case CatchUp.SKIP:
                return [tick for tick in missed[-1:] if now - tick <= FRESH]

    def newest(self, until: datetime) -> datetime | None:
        """Return the last tick up to the given time, or None where there was none within a year before it."""
        found = self._newest(until - timedelta(days=366), until)
        return found[-1] if found else None

    def job_id(self, tick: datetime) -> str:
        """Return the id of a tick's job: the same wherever it is computed, so that a tick is one job."""
        return f"cron:{self.name}:{tick.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def run_at(self, tick: datetime) -> datetime:
        """Return when a tick's job runs: the tick, delayed by a part of the jitter that its id decides."""
        number = int.from_bytes(sha256(self.job_id(tick).encode()).digest()[:8], "big")
        # In UTC: a zone's clock would gain or lose an hour where it changes within the jitter.
        return tick.astimezone(UTC) + timedelta(seconds=self.jitter * number / 2**64)

    def _newest(self, after: datetime, now: datetime) -> list[datetime]:
        """Return the newest ticks, at most `MAKE_UP`, looking back further until there are so many."""
        window = timedelta(hours=1)
        while True:
            start = max(after, now - window)
            found = deque(takewhile(lambda tick: tick <= now, self.ticks(start)), maxlen=MAKE_UP)
            if start == after or len(found) == MAKE_UP:
                return list(found)
            window *= 24
