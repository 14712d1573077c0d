"""What is wrong with the rows that a job means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import JsonValue

from domain.errors.base import CounterfoilError, Problem, listed, some
from domain.reject import Reject


@dataclass(eq=False)
class NotFound(CounterfoilError):
    """No live row has the given id or key; with `live` off: no row at all."""

    entity: str
    field: str
    values: tuple[JsonValue, ...]
    live: bool = True

    def __str__(self) -> str:
        """Name the first missing values."""
        named = some(self.values)
        if not self.live:
            return f"no {self.entity} with {self.field} {named} was found; correct the {self.field}"
        return f"no live {self.entity} with {self.field} {named}; it was never there, or must be restored first"


@dataclass(eq=False)
class StaleVersion(CounterfoilError):
    """The row was changed since the sender read it; `actual` is None where it is gone for good."""

    entity: str
    entity_id: int | None
    expected: int | None
    actual: int | None

    def __str__(self) -> str:
        """Name both versions."""
        row = f"{self.entity} {self.entity_id}"
        if self.actual is None:
            return f"{row} is gone, expected version {self.expected}: somebody purged it meanwhile"
        return (
            f"{row} has version {self.actual}, expected {self.expected}: "
            "somebody changed it meanwhile; read it again and decide anew"
        )


@dataclass(eq=False)
class ChangedMeanwhile(StaleVersion):
    """An object was changed or deleted by another transaction between its load and its flush.

    The version that is stale is one that this transaction has read itself, and no sender's: it passes, for the next
    attempt reads again. `entity_id` is None where it is not known which of several objects it was.
    """

    passes: ClassVar[bool] = True

    entity: str = "row"
    entity_id: int | None = None
    expected: int | None = None
    actual: int | None = None

    def __str__(self) -> str:
        """Say what to do, and where it is known, to which row."""
        which = "a row" if self.entity_id is None else f"{self.entity} {self.entity_id}"
        now = "" if self.actual is None else f" (version {self.expected} then, {self.actual} now)"
        return (
            f"{which} was changed by another transaction after this one had read it{now}; read it again and decide anew"
        )


@dataclass(eq=False)
class Duplicate(CounterfoilError):
    """A unique value that a live row, or another row of the same batch, already has."""

    entity: str
    field: str
    found: tuple[Problem, ...]
    value: JsonValue = None
    """The first such value; None where the database did not say, and several were written."""

    def __str__(self) -> str:
        """List the first duplicates."""
        return (
            f"{self.entity}.{self.field} must be unique: {listed(self.found)}; nothing was written; "
            "use another value, or insert with on_conflict skip or update"
        )


@dataclass(eq=False)
class MissingReference(CounterfoilError):
    """A related row that does not exist, or is soft-deleted."""

    entity: str
    found: tuple[Problem, ...]
    value: JsonValue = None
    """The first id or key to which there is no row; None where the database did not say, and several were written."""

    @property
    def field(self) -> str:
        """The first reference to a row that is not there."""
        return next((problem.field for problem in self.found), "")

    def __str__(self) -> str:
        """List the first missing rows."""
        return f"{self.entity}: {listed(self.found)}; nothing was written, create or restore the related row first"


@dataclass(eq=False)
class InUse(CounterfoilError):
    """A row that still owns live rows cannot be deleted alone, nor one to which any row refers for good (`purged`)."""

    entity: str
    ids: tuple[int, ...]
    child: str
    purged: bool = False

    def __str__(self) -> str:
        """Name the owner, the owned entity, and the switch."""
        if self.purged:
            named = f"{self.entity} {some(self.ids)}" if self.ids else f"one of the rows of {self.entity}"
            return f"{named} is still referred to by a {self.child}; nothing was purged, purge that first"
        return (
            f"{self.entity} {some(self.ids)} still has a live {self.child}; "
            f"delete it first, or say cascade=true to delete it too"
        )


@dataclass(eq=False)
class CannotRestore(CounterfoilError):
    """A soft-deleted row whose key is taken, or whose owner is still deleted."""

    entity: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List what stands in the way."""
        return f"{self.entity} cannot be restored: {listed(self.found)}; nothing was restored, clear the way first"


@dataclass(eq=False)
class ConstraintViolated(CounterfoilError):
    """A rule of the database other than a unique value or a reference."""

    entity: str
    constraint: str
    kind: str

    def __str__(self) -> str:
        """Name the constraint."""
        broken = f"{self.entity} breaks the {self.kind} constraint {self.constraint!r}"
        return f"{broken}; nothing was written, correct the values"


@dataclass(eq=False)
class RowsRefused(CounterfoilError):
    """Records of a bulk job that do not fit, and why the job stopped at them; they are kept with the failed attempt.

    `found` holds the problems as other errors do: `row` counts lines from 0. `rows` counts the refused records, of
    which `rejects` may be the first alone.
    """

    entity: str
    found: tuple[Problem, ...]
    rejects: tuple[Reject, ...]
    stopped_at: str
    rows: int

    @classmethod
    def of(cls, entity: str, rejects: Sequence[Reject], stopped_at: str, *, rows: int | None = None) -> "RowsRefused":
        """Return the error for these records; `stopped_at` says in words why they were too many."""
        found = tuple(Problem(reject.line - 1, reject.field, reject.reason) for reject in rejects)
        known = len({reject.line for reject in rejects})
        return cls(entity, found, tuple(rejects), stopped_at, known if rows is None else rows)

    def __str__(self) -> str:
        """Name the number of records, the first problems by line, and where all of them are."""
        lines = [Problem(None, f"line {one.line} {one.field}".rstrip(), one.reason) for one in self.rejects]
        records = "1 record" if self.rows == 1 else f"{self.rows:,} records"
        return (
            f"{self.entity}: {records} refused ({self.stopped_at}): {listed(lines)}; "
            "nothing was written; `counterfoil rejects JOB --csv` has them, to correct and send again"
        )
