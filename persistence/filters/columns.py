"""What a condition asks of one column."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Text, and_, false, literal, not_, null, or_, true

from domain.filters.kinds import Kind, kind_of
from domain.filters.operators import NEGATIVE, Operator
from domain.filters.values import words_of
from persistence.dialects import Dialect
from persistence.filters.constructs import HasWord, JsonContains, JsonEqual, JsonHasKey, JsonOverlaps
from persistence.selection_conditions import among, unbounded

Clause = ColumnElement[bool]

_ESCAPE = "\\"


@dataclass(frozen=True)
class Asked:
    """A column, the kind of its values, and the database that is asked."""

    column: ColumnElement[Any]
    dialect: Dialect

    @property
    def kind(self) -> Kind:
        """The kind of the column's values."""
        return kind_of(self.column.type)

    @property
    def is_plain(self) -> bool:
        """Whether comparisons with the column are never null, and SQLAlchemy knows their opposites."""
        return self.kind is not Kind.JSON and getattr(self.column, "nullable", True) is False

    def value(self, value: Any) -> ColumnElement[Any]:  # noqa: ANN401
        """Return what the column is compared with."""
        return literal(value, unbounded(self.column.type))

    @property
    def ordered(self) -> ColumnElement[Any]:
        """The column as it is compared: texts by their code points, whatever the collation of the database."""
        is_text = self.kind is Kind.TEXT and self.dialect is Dialect.POSTGRESQL
        return self.column.collate("C") if is_text else self.column


def complement(clause: Clause) -> Clause:
    """Return what holds wherever the clause does not, also where SQL's answer to that would be null."""
    return clause.is_not(true())


def asks(column: ColumnElement[Any], operator: Operator, value: Any, dialect: Dialect) -> Clause:  # noqa: ANN401
    """Return the clause of a checked condition; where it is null in SQL, the row is not let through."""
    asked = Asked(column, dialect)
    if operator not in NEGATIVE:
        return _POSITIVE[operator](asked, value)
    positive = NEGATIVE[operator]
    if value is None:
        return _null(asked, wanted=False)
    clause = _POSITIVE[positive](asked, value)
    # Where there is no null the plain form serves, which partial indexes and the planner's figures know.
    return not_(clause) if asked.is_plain and positive is not Operator.IN else complement(clause)


def lets_null_through(operator: Operator, value: Any) -> bool:  # noqa: ANN401
    """Tell whether a checked condition holds for null."""
    if operator in NEGATIVE:
        return not lets_null_through(NEGATIVE[operator], value)
    if operator in {Operator.EQ, Operator.IS}:
        return value is None
    if operator is Operator.IN:
        return None in value
    return operator is Operator.IS_NULL and bool(value)


def _equal(asked: Asked, value: Any) -> Clause:  # noqa: ANN401
    if value is None:
        return _null(asked, wanted=True)
    if asked.kind is Kind.JSON:
        return JsonEqual(asked.column, _json(value))
    return asked.column == asked.value(value)


def _is(asked: Asked, value: bool | None) -> Clause:  # noqa: FBT001 - the value asked for
    return _null(asked, wanted=True) if value is None else asked.column.is_(true() if value else false())


def _null(asked: Asked, wanted: bool) -> Clause:  # noqa: FBT001 - the value asked for
    if asked.kind is not Kind.JSON:
        return asked.column.is_(null()) if wanted else asked.column.is_not(null())
    # A null within JSON is what Python's None becomes there.
    is_null = or_(asked.column.is_(null()), JsonEqual(asked.column, _json(None)))
    return is_null if wanted else complement(is_null)


def _in(asked: Asked, values: tuple[Any, ...]) -> Clause:
    given = [value for value in values if value is not None]
    if asked.kind in {Kind.JSON, Kind.ARRAY}:
        found = [_equal(asked, value) for value in given]
    elif not given:
        found = []
    else:
        found = [among(asked.column, given, asked.dialect)]
    if None in values:
        found.append(_null(asked, wanted=True))
    return or_(false(), *found)


def _between(asked: Asked, values: tuple[Any, Any]) -> Clause:
    low, high = map(asked.value, values)
    return asked.ordered.between(low, high)


def _match(asked: Asked, words: str) -> Clause:
    # Words have no character that a regular expression knows as anything but itself.
    patterns = [rf"(?<!\w){word}(?!\w)" for word in words_of(words)]
    return and_(*(HasWord(asked.column, literal(pattern, Text())) for pattern in patterns))


def _overlap(asked: Asked, items: tuple[JsonValue, ...]) -> Clause:
    if asked.kind is Kind.ARRAY:
        return cast("Clause", asked.column.op("&&", is_comparison=True)(list(items)))
    if asked.dialect is Dialect.MYSQL:
        # Its JSON_CONTAINS looks into lists within the list as well.
        return JsonOverlaps(asked.column, _json(list(items)))
    return or_(*(JsonContains(asked.column, _json([item])) for item in items))


def _json(value: JsonValue) -> ColumnElement[str]:
    return literal(json.dumps(value, ensure_ascii=False), Text())


_POSITIVE: dict[Operator, Callable[[Asked, Any], Clause]] = {
    Operator.EQ: _equal,
    Operator.GT: lambda asked, value: asked.ordered > asked.value(value),
    Operator.GE: lambda asked, value: asked.ordered >= asked.value(value),
    Operator.LT: lambda asked, value: asked.ordered < asked.value(value),
    Operator.LE: lambda asked, value: asked.ordered <= asked.value(value),
    Operator.BETWEEN: _between,
    Operator.IN: _in,
    Operator.IS: _is,
    Operator.LIKE: lambda asked, value: asked.column.like(value, escape=_ESCAPE),
    Operator.ILIKE: lambda asked, value: asked.column.ilike(value, escape=_ESCAPE),
    Operator.STARTSWITH: lambda asked, value: asked.column.startswith(value, autoescape=True),
    Operator.ISTARTSWITH: lambda asked, value: asked.column.istartswith(value, autoescape=True),
    Operator.ENDSWITH: lambda asked, value: asked.column.endswith(value, autoescape=True),
    Operator.IENDSWITH: lambda asked, value: asked.column.iendswith(value, autoescape=True),
    Operator.CONTAINS: lambda asked, value: asked.column.contains(value, autoescape=True),
    Operator.ICONTAINS: lambda asked, value: asked.column.icontains(value, autoescape=True),
    Operator.MATCH: _match,
    Operator.IS_NULL: lambda asked, value: _null(asked, wanted=value),
    Operator.HAS_KEY: lambda asked, key: JsonHasKey(asked.column, literal(key, Text())),
    Operator.CONTAINS_JSON: lambda asked, value: JsonContains(asked.column, _json(value)),
    Operator.OVERLAP: _overlap,
}
