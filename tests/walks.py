"""One live delivery of a job that a test leads through its points: it can pause, crash or fail at each of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.sql import Executable
from sqlalchemy.util import await_only

from domain.entities import Entities
from domain.errors import NotFound
from persistence.session import AuditedSession, WriteSession
from persistence.sessions import Sessions
from persistence.statements import sentence
from worker.outcome import Outcome


class Point(StrEnum):
    """The points of a delivery, in the order in which it comes to them."""

    TAKE = "before it takes the row"
    WRITE = "before it writes"
    AUDIT = "after the write, before the audit"
    FINISH = "after the audit, before the outcome"
    COMMIT = "before the commit"
    COMMITTED = "after a commit, before its answer"
    FAILURE = "before a failed attempt is kept"


class Crash(BaseException):
    """The worker's death: nothing of the product may catch it."""


class Fate(StrEnum):
    """What happens to a delivery at its point."""

    PAUSE = "it waits there until the test lets it go on"
    CRASH = "its worker dies"
    STOP = "its worker is stopped"
    LOSE = "its connection is lost"
    FAIL = "something that nobody foresaw is raised"
    REFUSE = "its arguments turn out to be wrong"


ERRORS: dict[Fate, Callable[[], BaseException]] = {
    Fate.CRASH: Crash,
    Fate.STOP: asyncio.CancelledError,
    Fate.LOSE: lambda: ConnectionResetError("connection lost"),
    Fate.FAIL: lambda: RuntimeError("nobody foresaw this"),
    Fate.REFUSE: lambda: NotFound("task", "key", ("gone",)),
}


@dataclass
class Walk:
    """A delivery of `job_id`: where its fate meets it, whether it waits there, and how it ended."""

    job_id: str
    point: Point | None = None
    fate: Fate | None = None
    acknowledges: bool = True
    paused: bool = False
    at: Point | None = None
    ended: Outcome | Fate | None = None
    task: "asyncio.Task[None] | None" = None
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self, point: Point) -> None:
        """Meet the fate, where this is its point."""
        while point == self.point and self.fate is not None:
            fate, self.point, self.fate = self.fate, None, None
            if fate is not Fate.PAUSE:
                raise ERRORS[fate]()  # noqa: RSE102 - a call of a factory
            self.at, self.paused = point, True
            self._moved.set()
            await self._go_on.wait()
            self._go_on.clear()

    def go_on(self, point: Point | None, fate: Fate | None) -> None:
        """Let a delivery that waits go on, to the next fate, which may meet it at this very point."""
        self.point, self.fate, self.paused = point, fate, False
        self._moved.clear()
        self._go_on.set()

    def end(self, how: "Outcome | Fate") -> None:
        """Say how it ended."""
        self.ended = how
        self._moved.set()

    async def moved(self, seconds: float) -> None:
        """Return when it waits or has ended; or after the given seconds, since a lock may hold it."""
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return

    @property
    def moves(self) -> bool:
        """Whether it is under way: it neither waits for the test nor has ended."""
        return not self.paused and self.ended is None


class _LedSession(AuditedSession):
    """An audited session that stops at the points of the walk in its `info`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        event.listen(self, "after_flush", _before_audit, insert=True)
        event.listen(self, "after_commit", _after_commit)

    def execute(self, statement: Executable, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        source = str(statement)
        if source == str(sentence("take_job")):
            _reach(self, Point.TAKE)
        if source == str(sentence("finish_job")):
            _reach(self, Point.FINISH)
        if source.startswith("INSERT INTO job "):
            _reach(self, Point.FAILURE)
        found = super().execute(statement, *args, **kwargs)
        if source == str(sentence("finish_job")):
            _reach(self, Point.COMMIT)
        return found


class LedSession(WriteSession):
    """The async half."""

    sync_session_class = _LedSession


def led(engine: AsyncEngine, entities: Entities, walk: Walk) -> Sessions:
    """Return a factory of sessions that lead a delivery along its walk."""
    info = {"entities": entities, "walk": walk}
    return async_sessionmaker(engine, class_=LedSession, expire_on_commit=False, info=info)


def _reach(session: Any, point: Point) -> None:  # noqa: ANN401 - SQLAlchemy types its events' sessions broadly
    await_only(session.info["walk"].reach(point))


def _before_audit(session: Any, _context: object) -> None:  # noqa: ANN401
    _reach(session, Point.AUDIT)


def _after_commit(session: Any) -> None:  # noqa: ANN401
    _reach(session, Point.COMMITTED)
