"""The WHERE clause of a filter."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, not_, or_

from domain.entities import Entities, EntityType
from domain.filters import And, Condition, Filter, Not, Operator, Or, checked
from domain.filters.names import Names, Target, resolve
from domain.filters.operators import OPPOSITES
from domain.filters.relations import Relation
from domain.filters.tree import Search
from persistence.dialects import Dialect
from persistence.filters.columns import asks, complement, lets_null_through
from persistence.filters.related import related


def filter_clause(
    entities: Entities, entity: EntityType, tree: Filter, dialect: Dialect, *, include_deleted: bool = False
) -> ColumnElement[bool]:
    """Return the clause over the entity's table that lets through the rows that a filter means.

    Conditions through relations ask of live related rows, with `include_deleted` also of deleted ones; whether the
    entity's own deleted rows are left out is for the statement to say. Raises UnknownName, InvalidFilter.
    """
    return checked_clause(entities, entity, checked(entities, entity, tree), dialect, include_deleted=include_deleted)


def checked_clause(
    entities: Entities, entity: EntityType, tree: Filter, dialect: Dialect, *, include_deleted: bool = False
) -> ColumnElement[bool]:
    """Return the clause of a tree that `parse_filter` or `checked` has returned, as `filter_clause` does."""
    return _Writer(entities, entity, dialect, include_deleted).clause(tree)


@dataclass(frozen=True)
class _Writer:
    """One walk through a checked tree."""

    entities: Entities
    entity: EntityType
    dialect: Dialect
    include_deleted: bool

    def clause(self, tree: Filter) -> ColumnElement[bool]:
        match tree:
            case And(parts):
                return and_(*map(self.clause, parts))
            case Or(parts):
                return or_(*map(self.clause, parts))
            case Not(part):
                return complement(self.clause(part))
            case Condition():
                return self._condition(tree)
            case Search(text, fields):
                words = [[Condition(path, Operator.ICONTAINS, word) for path in fields] for word in text.split()]
                return and_(*(or_(*map(self._condition, found)) for found in words))

    def _condition(self, condition: Condition) -> ColumnElement[bool]:
        target, _ = resolve(Names(self.entities, self.entity), "__".join(condition.path))
        way = target.relations if target.column else target.relations[:-1]
        return self._through(self.entity.table, way, _Asking(target, condition.operator, condition.value))

    def _through(self, source: FromClause, way: tuple[Relation, ...], asking: "_Asking") -> ColumnElement[bool]:
        """Return the clause of a condition that leads on from the rows of `source`.

        Through a relation to many some related row must meet it. Through relations to one alone, what is not there is
        null: a task without an assignee has none with the key `ann`, as `ne` asks.
        """
        if not way:
            return self._at_end(source, asking)
        rows, found = related(self.entities, way[0], source, include_deleted=self.include_deleted)
        if asking.holds_for_null and not any(relation.many for relation in way):
            return not_(found.any([self._through(rows, way[1:], asking.opposite)]))
        return found.any([self._through(rows, way[1:], asking)])

    def _at_end(self, source: FromClause, asking: "_Asking") -> ColumnElement[bool]:
        if asking.target.column is not None:
            return asks(source.c[asking.target.column], asking.operator, asking.value, self.dialect)
        last = asking.target.relations[-1]
        _, found = related(self.entities, last, source, include_deleted=self.include_deleted)
        return not_(found.any()) if asking.value else found.any()


@dataclass(frozen=True)
class _Asking:
    """What is asked at the end of the way."""

    target: Target
    operator: Operator
    value: Any

    @property
    def opposite(self) -> "_Asking":
        """What holds where this does not, of those conditions that hold for null."""
        if self.operator is Operator.IS_NULL:
            return replace(self, value=not self.value)
        return replace(self, operator=OPPOSITES[self.operator])

    @property
    def holds_for_null(self) -> bool:
        return lets_null_through(self.operator, self.value)
