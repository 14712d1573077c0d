"""The base of the business's errors, and how their messages list values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, NamedTuple

from pydantic import JsonValue

from domain.names import nearest

SHOWN = 5
"""How many values or rows a message spells out; the data of the error holds them all."""

LISTED = 40
"""Up to how many known names are all named; there are some 600 time zones."""

PROBLEMS_SENT = 1_000
"""How many problems an error's data holds when it is sent back."""


class Problem(NamedTuple):
    """One refused field.

    `row` counts from 0 within its batch (None: no batch); `field` may be empty, for the whole row.
    """

    row: int | None
    field: str
    message: str


@dataclass(eq=False)
class CounterfoilError(Exception):
    """Something that the sender or the operator can mend; `str()` says how.

    Of a class that `passes`, another attempt may fare better without anybody's doing.
    """

    passes: ClassVar[bool] = False

    def data(self) -> dict[str, JsonValue]:
        """Return the error as JSON: its class name, message, and the problems by row where it has some."""
        found: dict[str, JsonValue] = {"error": type(self).__name__, "message": str(self)}
        if problems := self.problems():
            found["problems"] = [[problem.row, problem.field, problem.message] for problem in problems[:PROBLEMS_SENT]]
        return found

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong field by field, where the error knows it."""
        return getattr(self, "found", ()) if "found" in {field.name for field in fields(self)} else ()


@dataclass(eq=False)
class Invalid(CounterfoilError):
    """Something that does not fit what it is meant for; `problems` has all that is wrong with it."""

    @property
    def field(self) -> str:
        """The first field that is wrong, or an empty text where it is the whole."""
        return next((problem.field for problem in self.problems()), "")

    @property
    def reason(self) -> str:
        """What is wrong with that field."""
        return next((problem.message for problem in self.problems()), str(self))


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence about an unknown name, with the nearest valid one, or where none is near, all or some."""
    names = sorted(known)
    near = nearest(name, names)
    listing = f"such as {', '.join(names[:SHOWN])}" if len(names) > LISTED else f"known: {', '.join(names) or 'none'}"
    hint = f"did you mean {near!r}?" if near else listing
    return f"unknown {kind} {name!r}; {hint}"


def listed(problems: Sequence[Problem]) -> str:
    """Return the first problems as a sentence, and how many more there are."""
    shown = "; ".join(_one(problem) for problem in problems[:SHOWN])
    return shown + (f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else "")


def _one(problem: Problem) -> str:
    where = "" if problem.row is None else f"row {problem.row + 1}"
    named = " ".join(part for part in (where, problem.field) if part)
    return f"{named}: {problem.message}" if named else problem.message


def some(values: Sequence[object]) -> str:
    """Return the first values, and how many more there are."""
    shown = ", ".join(repr(value) for value in values[:SHOWN])
    return shown + (f" and {len(values) - SHOWN} more" if len(values) > SHOWN else "")
