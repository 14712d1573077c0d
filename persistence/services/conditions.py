"""Which rows a service means, in the language of filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from domain.entities import EntityType
from domain.errors import UnknownName
from domain.rows import field_value
from persistence.reader import Reader

Where = Mapping[str, Any] | None
"""Words of the filter language."""


def clauses(
    read: Reader, entity: EntityType, where: Where, conditions: Mapping[str, Any], *, include_deleted: bool = False
) -> list[ColumnElement[bool]]:
    """Return the conditions of a query."""
    found = []
    for name, value in {**(where or {}), **conditions}.items():
        if name not in entity.table.c:
            raise UnknownName("field", name, tuple(entity.table.c.keys()))
        column = getattr(entity.model, name)
        found.append(column.is_(None) if value is None else column == field_value(entity, name, value))
    return found


def words(where: Where, conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions as a command says them."""
    return {**(where or {}), **conditions}


def meaning_of(  # noqa: PLR0913, PLR0917 - what a list is made of
    read: Any, entity: EntityType, where: Where, conditions: Mapping[str, Any], sort: Sequence[str], deleted: bool
) -> str:
    """Return a text that is the same for the same list: what a cursor is bound to."""
    return repr([sorted(words(where, conditions).items()), sort, deleted])
