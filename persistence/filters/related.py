"""Conditions on related rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, literal_column, select

from domain.entities import Entities
from domain.filters.relations import Pairs, Relation


def related(
    entities: Entities, relation: Relation, source: FromClause, *, include_deleted: bool
) -> tuple[FromClause, "_Related"]:
    """Return an alias of the related rows' table, for conditions on them, and what makes a clause of these."""
    target = entities[relation.target].table.alias()
    conditions: list[ColumnElement[bool]] = []
    froms: list[FromClause] = [target]
    if relation.secondary is None:
        conditions += _equal(source, target, relation.pairs)
    else:
        between = relation.secondary.alias()
        froms.append(between)
        conditions += _equal(source, between, relation.pairs) + _equal(between, target, relation.onward)
    if not include_deleted:
        conditions.append(target.c.deleted_at.is_(None))
    return target, _Related(source, froms, conditions)


class _Related:
    """The live rows that are related to one of the source."""

    def __init__(self, source: FromClause, froms: list[FromClause], conditions: list[ColumnElement[bool]]) -> None:
        self._source = source
        self._froms = froms
        self._conditions = conditions

    def any(self, conditions: Sequence[ColumnElement[bool]] = ()) -> ColumnElement[bool]:
        """Return the clause that holds where one of them meets the conditions."""
        query: Select[Any] = select(literal_column("1")).select_from(*self._froms).where(*self._conditions, *conditions)
        return query.correlate(self._source).exists()


def _equal(one: FromClause, other: FromClause, pairs: Pairs) -> list[Any]:
    return [one.c[left] == other.c[right] for left, right in pairs]
