"""Sums over what a service finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, func

from domain.entities import EntityType
from domain.errors import InvalidQuery, Problem, UnknownName
from domain.filters.kinds import Kind, kind_of
from persistence.pages.sort import SortKey, order_by
from persistence.services.bound import Bound, Create, Model, Names, Read, Update, names_of, reader_of
from persistence.services.conditions import Where

Number = int | float | Decimal

_ORDERED = {Kind.NUMBER, Kind.TIME, Kind.TEXT, Kind.CHOICE}
"""Kinds of columns of which each database has a smallest and a largest value."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What was asked for of the rows that share the values in `by`; each by the name of its column.

    None is the sum, minimum, maximum or average of no values. A sum of integers is an int; an average is a Decimal of a
    Decimal column, and a float otherwise.
    """

    by: Mapping[str, Any]
    count: int
    sum: Mapping[str, Number | None]
    min: Mapping[str, Any]
    max: Mapping[str, Any]
    avg: Mapping[str, float | Decimal | None]


class Sums(Bound[Model, Create, Update]):
    """Counting and adding up."""

    async def aggregate(  # noqa: PLR0913 - what a question can say
        self,
        read: Read,
        *,
        by: Names = (),
        sum_of: Names = (),
        min_of: Names = (),
        max_of: Names = (),
        avg_of: Names = (),
        most: int | None = None,
        where: Where = None,
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> list[Aggregate]:
        """Return one Aggregate for each combination of values in `by`, null last; without `by` a single one.

        Raises UnknownName, and InvalidQuery for a sum or an average of what is no number, an extreme of what has no
        order, and for more than `most` groups.
        """
        entity = self.entity(read)
        groups = [self._mapped(entity, name) for name in names_of(by)]
        asked = {"sum": names_of(sum_of), "min": names_of(min_of), "max": names_of(max_of), "avg": names_of(avg_of)}
        columns = [
            getattr(func, function)(self._measured(entity, function, name))
            for function, names in asked.items()
            for name in names
        ]
        query = self._query(read, where, conditions, include_deleted=include_deleted)
        query = (
            query.with_only_columns(*groups, func.count(self._mapped(entity, "id")), *columns)
            .group_by(*groups)
            .order_by(*self._order(read, names_of(by)))
            .limit(None if most is None else most + 1)
        )
        rows = await reader_of(read).rows(query)
        if most is not None and len(rows) > most:
            why = f"more than {most} groups; say conditions, or a field with fewer values"
            raise InvalidQuery(entity.name, (Problem(None, "by", why),))
        return [_aggregate(entity, names_of(by), asked, tuple(row)) for row in rows]

    def _order(self, read: Read, by: tuple[str, ...]) -> list[ColumnElement[Any]]:
        table, dialect = self.entity(read).table, reader_of(read).dialect
        keys = [
            SortKey(name, descending=False, column=getattr(self.model, name), nullable=bool(table.c[name].nullable))
            for name in by
        ]
        return order_by(keys, dialect)

    def _measured(self, entity: EntityType, function: str, name: str) -> Any:  # noqa: ANN401 - a mapped column
        column = self._mapped(entity, name)
        kind, extreme = kind_of(column.type), function in {"min", "max"}
        if kind not in (_ORDERED if extreme else {Kind.NUMBER}):
            why = f"{name} is {kind}, which has no order on every database" if extreme else f"{name} is no number"
            raise InvalidQuery(entity.name, (Problem(None, f"{function}_of", why),))
        return column

    def _mapped(self, entity: EntityType, name: str) -> Any:  # noqa: ANN401 - a mapped column
        if name not in entity.table.c:
            raise UnknownName("field", name, tuple(entity.table.c.keys()))
        return getattr(self.model, name)


def _aggregate(
    entity: EntityType, by: tuple[str, ...], asked: Mapping[str, tuple[str, ...]], row: tuple[Any, ...]
) -> Aggregate:
    values = iter(row[len(by) + 1 :])
    found = {
        function: {name: _number(entity, function, name, next(values)) for name in names}
        for function, names in asked.items()
    }
    return Aggregate(dict(zip(by, row, strict=False)), row[len(by)], **found)


def _number(entity: EntityType, function: str, name: str, value: Any) -> Any:  # noqa: ANN401 - the databases' own types
    """Return a figure in one type, whatever the database makes of it: numeric, double precision or text."""
    if value is None or function in {"min", "max"}:
        return value
    kind = entity.table.c[name].type
    if isinstance(kind, Integer):
        return int(value) if function == "sum" else float(value)
    return float(value) if isinstance(kind, Float) else Decimal(str(value))
