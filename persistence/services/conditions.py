"""Which rows a service means, in the language of filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement

from domain.entities import Entities, EntityType
from domain.filters import And, Filter, checked, parse_filter, render_filter
from persistence.filters import checked_clause
from persistence.reader import Reader

Where = Filter | Mapping[str, Any] | None
"""A filter as typed objects (`field("status").in_(["doing"])`) or in words (`{"status__in": ["doing"]}`)."""


def filter_of(entities: Entities, entity: EntityType, where: Where, conditions: Mapping[str, Any]) -> Filter | None:
    """Return the tree of both, checked, or None where nothing is asked; raises UnknownName, InvalidFilter."""
    parts: list[Filter] = []
    if isinstance(where, Mapping):
        parts += [parse_filter(entities, entity, where)] if where else []
    elif where is not None:
        parts.append(checked(entities, entity, where))
    if conditions:
        parts.append(parse_filter(entities, entity, conditions))
    return And(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


def clauses(
    read: Reader, entity: EntityType, where: Where, conditions: Mapping[str, Any], *, include_deleted: bool
) -> list[ColumnElement[bool]]:
    """Return the conditions of a query."""
    tree = filter_of(read.entities, entity, where, conditions)
    if tree is None:
        return []
    return [checked_clause(read.entities, entity, tree, read.dialect, include_deleted=include_deleted)]


def words(entities: Entities, entity: EntityType, where: Where, conditions: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return the conditions as a command says them; empty where nothing is asked."""
    tree = filter_of(entities, entity, where, conditions)
    return {} if tree is None else render_filter(tree)


def meaning_of(
    read: Reader, entity: EntityType, where: Where, conditions: Mapping[str, Any], sort: Sequence[str]
) -> str:
    """Return a text that is the same for the same list: what a cursor is bound to."""
    return repr((filter_of(read.entities, entity, where, conditions), tuple(sort)))
