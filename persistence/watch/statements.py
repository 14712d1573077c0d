"""Statements as they are sent: counted, and told of where they are slow, or the same again and again."""

import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from structlog.contextvars import get_contextvars

from persistence.watch.callers import caller
from persistence.watch.figures import StatementFigures
from persistence.watch.scope import current_scope

_LOG = "counterfoil.database"

_BEGAN = "counterfoil_began"
"""Where a connection's `info` keeps when its statement began."""

_QUOTED = re.compile(r"'(?:[^']|'')*'")

SHOWN_CHARACTERS = 2_000
"""How much of a statement's text a log line holds."""

WHOSE = ("request_id", "job_id")
"""By which names a log line says for whom a statement was sent, where the logger's context knows it."""


@dataclass(slots=True)
class StatementWatch:
    """Watches the statements of the engines that it is attached to; one that is attached to none costs nothing.

    `slow` is a number of seconds; `repeated` a number of times, for the same statement in one `statement_scope`. COPY
    goes past it: the driver sends that by itself.
    """

    slow: float | None = None
    repeated: int | None = None
    figures: StatementFigures = field(default_factory=StatementFigures)
    is_attached: bool = False

    def attach(self, engine: Engine) -> None:
        """Watch an engine from now on."""
        self.is_attached = True
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "handle_error", self._failed)

    def _before(self, connection: Any, _cursor: object, statement: str, *_: object) -> None:  # noqa: ANN401 - of SQLAlchemy
        if self.repeated is not None:
            self._count(statement, self.repeated)
        connection.info[_BEGAN] = perf_counter()

    def _after(self, connection: Any, _cursor: object, statement: str, *_: object) -> None:  # noqa: ANN401 - of SQLAlchemy
        self._ended(connection, statement)

    def _failed(self, context: ExceptionContext) -> None:
        if context.connection is not None and not context.connection.closed and context.statement is not None:
            self.figures.failed += 1
            self._ended(context.connection, context.statement)

    def _ended(self, connection: Any, statement: str) -> None:  # noqa: ANN401 - SQLAlchemy's
        if (began := connection.info.pop(_BEGAN, None)) is None:
            return
        seconds = perf_counter() - began
        self.figures.add(seconds)
        if self.slow is not None and seconds >= self.slow:
            self.figures.slow += 1
            log = structlog.get_logger(_LOG)
            log.warning("statement.slow", seconds=round(seconds, 6), statement=shown(statement), **_whose())

    def _count(self, statement: str, most: int) -> None:
        if (scope := current_scope()) is None:
            return
        scope.statements[statement] += 1
        if scope.statements[statement] == most + 1:  # once for each scope, however long the loop is
            self.figures.repeated += 1
            told = {"times": most + 1, "scope": scope.name, "at": caller(), "statement": shown(statement)}
            structlog.get_logger(_LOG).warning("statement.repeated", **told, **_whose())


def shown(statement: str) -> str:
    """Return a statement's text as a log may hold it, without the values that somebody wrote into it."""
    return _QUOTED.sub("'?'", statement)[:SHOWN_CHARACTERS]


def _whose() -> dict[str, Any]:
    known = get_contextvars()
    return {name: known[name] for name in WHOSE if name in known}
