"""One request or one job, within which the same statement, again and again, is a loop that a load would have spared."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Scope:
    """What was sent within a scope: how often each text of a statement was."""

    name: str
    statements: Counter[str] = field(default_factory=Counter)


_scope: ContextVar[Scope | None] = ContextVar("counterfoil_statement_scope", default=None)


@contextmanager
def statement_scope(name: str) -> Iterator[Scope]:
    """Count the statements of the block, and of the tasks that it starts, as those of one request or one job.

    Only a watched engine counts them.
    """
    scope = Scope(name)
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def current_scope() -> Scope | None:
    """Return the scope of the code that runs; None outside of any."""
    return _scope.get()
