"""What the database refuses, told in the errors of the business: by its codes and constraint names, never by text."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from domain.entities import Entities
from domain.errors import (
    ChangedMeanwhile,
    ConstraintViolated,
    CounterfoilError,
    Duplicate,
    InvalidRows,
    MissingReference,
    NotMigrated,
    Problem,
    ReadOnly,
)
from persistence.violation import Kind, Violation
from persistence.violations import violation_of


@contextmanager
def explained(entities: Entities) -> Iterator[None]:
    """Raise errors of the business for what the database refused; anything else passes as it is."""
    try:
        yield
    except StaleDataError:
        raise ChangedMeanwhile from None
    except DBAPIError as error:
        violation = violation_of(entities, error)
        if violation is None:
            raise
        raise _explain(violation) from None


def _explain(violation: Violation) -> CounterfoilError:
    entity, column, constraint = violation.table or "None", violation.column or "", violation.constraint
    match violation.kind:
        case Kind.UNIQUE:
            return Duplicate(entity, column, (Problem(None, column, "another live row has this value"),))
        case Kind.FOREIGN_KEY:
            problem = Problem(None, column, f"refers to a missing row, or is still referred to ({constraint})")
            return MissingReference(entity, (problem,))
        case Kind.UNDEFINED:
            return NotMigrated()
        case Kind.READ_ONLY:
            return ReadOnly()
        case Kind.DATA:
            return InvalidRows(violation.table or "value", (Problem(None, column, violation.said),))
        case _:
            return ConstraintViolated(entity, str(constraint or column), violation.kind.value)
