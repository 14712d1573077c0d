"""Every error of the business, as a class with its data; the message names the value, the expectation and the way out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from pydantic import JsonValue

from domain.names import nearest

SHOWN = 5
"""How many values or rows a message spells out; the data of the error holds them all."""


class Problem(NamedTuple):
    """One refused field: `row` counts from 0 within its batch (None: no batch), `field` may be empty for the whole row."""

    row: int | None
    field: str
    message: str


@dataclass(eq=False)
class CounterfoilError(Exception):
    """Something that the sender or the operator can mend; `str()` says how."""

    def data(self) -> dict[str, JsonValue]:
        """Return the error as JSON: its class name, message, and the problems by row where it has some."""
        found: dict[str, JsonValue] = {"error": type(self).__name__, "message": str(self)}
        if problems := self.problems():
            found["problems"] = [[problem.row, problem.field, problem.message] for problem in problems[:1000]]
        return found

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong field by field, where the error knows it."""
        return getattr(self, "found", ()) if "found" in {field.name for field in fields(self)} else ()


@dataclass(eq=False)
class UnknownName(CounterfoilError):
    """A job, entity, field, operator or setting that does not exist."""

    kind: str
    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        """Name the nearest valid name, or all of them."""
        return unknown(self.kind, self.name, self.known)


@dataclass(eq=False)
class InvalidCommand(CounterfoilError):
    """The arguments of a job do not fit its command."""

    job: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the problems by argument."""
        return f"{self.job}: {_listed(self.found)}; correct the arguments and send the job again"


@dataclass(eq=False)
class InvalidRows(CounterfoilError):
    """Rows or changes that do not fit the entity's schema; nothing of the batch was written."""

    entity: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the first problems by row."""
        return f"{self.entity}: {_listed(self.found)}; nothing was written, correct the rows and send them again"


@dataclass(eq=False)
class TooLarge(CounterfoilError):
    """More rows or bytes than one job may carry."""

    what: str
    size: int
    limit: int
    setting: str

    def __str__(self) -> str:
        """Name the limit and the two ways out."""
        return f"{self.size} {self.what} in one job, at most {self.limit}: send several jobs, or raise {self.setting}"


@dataclass(eq=False)
class NotFound(CounterfoilError):
    """No live row has the given id or key."""

    entity: str
    field: str
    values: tuple[JsonValue, ...]

    def __str__(self) -> str:
        """Name the first missing values."""
        named = _some(self.values)
        return f"no live {self.entity} with {self.field} {named}; it was never there, or it is soft-deleted (restore it first)"


@dataclass(eq=False)
class StaleVersion(CounterfoilError):
    """The row was changed since the sender read it."""

    entity: str
    entity_id: int
    expected: int
    actual: int

    def __str__(self) -> str:
        """Name both versions."""
        return (
            f"{self.entity} {self.entity_id} has version {self.actual}, expected {self.expected}: "
            "somebody changed it meanwhile; read it again and decide anew"
        )


@dataclass(eq=False)
class ChangedMeanwhile(CounterfoilError):
    """An object was changed or deleted by another transaction between its load and its flush."""

    def __str__(self) -> str:
        """Say what to do."""
        return "a row was changed by another transaction after this one had read it; read it again and decide anew"


@dataclass(eq=False)
class Duplicate(CounterfoilError):
    """A unique value that a live row, or another row of the same batch, already has."""

    entity: str
    field: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the first duplicates."""
        return (
            f"{self.entity}.{self.field} must be unique: {_listed(self.found)}; nothing was written; "
            "use on_conflict skip or update, or another value"
        )


@dataclass(eq=False)
class MissingReference(CounterfoilError):
    """A related row that does not exist, or is soft-deleted."""

    entity: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the first missing rows."""
        return f"{self.entity}: {_listed(self.found)}; nothing was written, create or restore the related row first"


@dataclass(eq=False)
class InUse(CounterfoilError):
    """A row that still owns live rows cannot be deleted alone."""

    entity: str
    ids: tuple[int, ...]
    child: str

    def __str__(self) -> str:
        """Name the owner, the owned entity, and the switch."""
        return (
            f"{self.entity} {_some(self.ids)} still has a live {self.child}; "
            f"delete it first, or say cascade=true to delete it too"
        )


@dataclass(eq=False)
class CannotRestore(CounterfoilError):
    """A soft-deleted row whose key is taken, or whose owner is still deleted."""

    entity: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List what stands in the way."""
        return f"{self.entity} cannot be restored: {_listed(self.found)}; nothing was restored"


@dataclass(eq=False)
class ConstraintViolated(CounterfoilError):
    """A rule of the database other than a unique value or a reference."""

    entity: str
    constraint: str
    kind: str

    def __str__(self) -> str:
        """Name the constraint."""
        return f"{self.entity} breaks the {self.kind} constraint {self.constraint!r}; nothing was written, correct the values"


@dataclass(eq=False)
class UnauditedWrite(CounterfoilError):
    """A write that would go round the audit log."""

    statement: str
    table: str

    def __str__(self) -> str:
        """Name the right calls."""
        return (
            f"{self.statement} on {self.table!r} would leave no audit row: change objects and flush, or use "
            "insert_rows, update_rows, soft_delete_rows, restore_rows of persistence"
        )


@dataclass(eq=False)
class AuditMismatch(CounterfoilError):
    """A write and its audit rows differ in number; the transaction was rolled back."""

    entity: str
    written: int
    audited: int

    def __str__(self) -> str:
        """Name both counts."""
        return (
            f"{self.entity}: {self.written} rows written but {self.audited} audited, rolled back; "
            "look for a trigger or rule on the table or on audit_log"
        )


@dataclass(eq=False)
class NotMigrated(CounterfoilError):
    """A table is missing."""

    def __str__(self) -> str:
        """Name the command."""
        return "the database lacks a table: run `counterfoil migrate`, and check that DATABASE_URL names the right database"


@dataclass(eq=False)
class ReadOnly(CounterfoilError):
    """A write in a reader."""

    def __str__(self) -> str:
        """Name the right scope."""
        return "a reader cannot write; open `transaction(sessions, origin)` for that"


@dataclass(eq=False)
class UnreadablePayload(CounterfoilError):
    """A message in the queue that is not a job in JSON."""

    why: str

    def __str__(self) -> str:
        """Say what was expected."""
        return f"the payload is not a job in JSON ({self.why}); send with a JSON job_serializer, pickle is never loaded"


@dataclass(eq=False)
class Unreachable(CounterfoilError):
    """A server that did not answer at start; `url` bears no password."""

    server: str
    url: str
    why: str
    setting: str

    def __str__(self) -> str:
        """Name the server, its URL and the setting."""
        return f"{self.server} at {self.url} does not answer ({self.why}); start it, or correct {self.setting}"


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence about an unknown name, with the nearest valid one, or all where none is near."""
    names = sorted(known)
    near = nearest(name, names)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(names) or 'none'}"
    return f"unknown {kind} {name!r}; {hint}"


def _listed(problems: Sequence[Problem]) -> str:
    shown = "; ".join(_one(problem) for problem in problems[:SHOWN])
    return shown + (f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else "")


def _one(problem: Problem) -> str:
    where = "" if problem.row is None else f"row {problem.row + 1}"
    named = " ".join(part for part in (where, problem.field) if part)
    return f"{named}: {problem.message}" if named else problem.message


def _some(values: Sequence[object]) -> str:
    shown = ", ".join(repr(value) for value in values[:SHOWN])
    return shown + (f" and {len(values) - SHOWN} more" if len(values) > SHOWN else "")
