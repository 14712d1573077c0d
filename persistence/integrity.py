"""What the database refuses, told in the errors of the business: by its codes and constraint names, never by text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from domain.entities import Entities
from domain.errors import (
    ChangedMeanwhile,
    ConstraintViolated,
    CounterfoilError,
    Duplicate,
    InUse,
    InvalidRows,
    MissingReference,
    NotMigrated,
    Problem,
    ReadOnly,
)
from persistence.attempted import Attempted
from persistence.violation import Kind, Violation
from persistence.violations import violation_of
from persistence.written_tables import written_tables


@contextmanager
def explained(entities: Entities, attempted: Callable[[], Attempted] = Attempted) -> Iterator[None]:
    """Raise errors of the business for what the database refused; anything else passes as it is.

    They name the value or the row where `attempted`, called after a failure alone, knows it.
    """
    try:
        yield
    except StaleDataError:
        raise _stale(attempted()) from None
    except DBAPIError as error:
        if (ended := _what_ended_all(error)) is not None:
            raise ended from None
        violation = violation_of(entities, error)
        if violation is None:
            raise
        purged_from = _purged_from(entities, violation, error)
        if purged_from == violation.table:  # of those that do not name the table that refers
            violation = replace(violation, table=_only_one_that_refers(entities, purged_from))
        raise _explain(violation, purged_from, attempted()) from None


def _what_ended_all(error: DBAPIError) -> BaseException | None:
    """Return what took a savepoint before it could be rolled back: MySQL ends all of a transaction in a deadlock."""
    if not str(error.statement or "").startswith("ROLLBACK TO SAVEPOINT"):
        return None
    before = error.__context__
    while before is not None and not isinstance(before, DBAPIError):
        before = before.__context__
    return before


def _explain(  # noqa: PLR0911 - one for each kind
    violation: Violation, purged_from: str | None, attempted: Attempted
) -> CounterfoilError:
    entity, column, constraint = violation.table or "None", violation.column or "", violation.constraint
    value = attempted.value(entity, column)
    match violation.kind:
        case Kind.UNIQUE:
            held = "this value" if value is None else repr(value)
            return Duplicate(entity, column, (Problem(None, column, f"another live row has {held}"),), value)
        case Kind.FOREIGN_KEY if purged_from is not None:
            ids = tuple(attempted.purged.get(purged_from, ()))
            return InUse(purged_from, ids, violation.table or "row", purged=True)
        case Kind.FOREIGN_KEY:
            which = "" if value is None else f" {value!r}"
            problem = Problem(None, column, f"refers to a missing row{which} ({constraint})")
            return MissingReference(entity, (problem,), value)
        case Kind.UNDEFINED:
            return NotMigrated()
        case Kind.READ_ONLY:
            return ReadOnly()
        case Kind.DATA:
            return InvalidRows(violation.table or "value", (Problem(None, column, violation.said),))
        case _:
            return ConstraintViolated(entity, str(constraint or column), violation.kind.value)


def _purged_from(entities: Entities, violation: Violation, error: DBAPIError) -> str | None:
    """Return the entity that a refused statement was to delete from; None where a foreign key refuses something else.

    A row that is missing and one that is still needed come as one kind, mostly on the table that refers.
    """
    if violation.kind is not Kind.FOREIGN_KEY:
        return None
    writes = written_tables(text(str(error.statement or "").replace(":", "\\:")))
    return next((name for kind, name in writes if kind == "delete from" and name in entities), None)


def _only_one_that_refers(entities: Entities, target: str | None) -> str | None:
    refer = [
        entity.name
        for entity in entities.values()
        if any(reference.target == target for reference in entity.references.values())
    ]
    return refer[0] if len(refer) == 1 else None


def _stale(attempted: Attempted) -> ChangedMeanwhile:
    if len(attempted.changed) != 1:
        return ChangedMeanwhile()
    (read,) = attempted.changed
    return ChangedMeanwhile(read.entity, read.id, read.version)
