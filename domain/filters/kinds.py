"""What kind of values a column holds, by which operators are allowed."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Date, DateTime, Enum, Float, Integer, Interval, Numeric, String, Time, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine


class Kind(StrEnum):
    """A kind of column; a relation is one where a path may end at it."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    TRUTH = "truth value"
    TIME = "time"
    UUID = "UUID"
    JSON = "JSON"
    ARRAY = "array"
    RELATION = "relation"
    OTHER = "other"


# In this order: SQLAlchemy's Enum is a String, and its Interval no DateTime.
_KINDS: tuple[tuple[tuple[type[TypeEngine[Any]], ...], Kind], ...] = (
    ((Enum,), Kind.CHOICE),
    ((Boolean,), Kind.TRUTH),
    ((String,), Kind.TEXT),
    ((Integer, Numeric, Float), Kind.NUMBER),
    ((DateTime, Date, Time, Interval), Kind.TIME),
    ((Uuid,), Kind.UUID),
    ((JSON,), Kind.JSON),
    ((ARRAY,), Kind.ARRAY),
)


def kind_of(column_type: TypeEngine[Any]) -> Kind:
    """Return the kind of a column of this type; of a decorated type, that of the type beneath."""
    if isinstance(column_type, TypeDecorator):
        return kind_of(column_type.impl_instance)
    return next((kind for types, kind in _KINDS if isinstance(column_type, types)), Kind.OTHER)
