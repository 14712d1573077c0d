"""The value of a condition in the type that its operator and its column take."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from domain.entities import EntityType
from domain.errors import InvalidFilter, InvalidRows
from domain.filters.kinds import Kind, kind_of
from domain.filters.limits import MAX_ITEMS, MAX_TEXT, MAX_VALUES
from domain.filters.names import Target
from domain.filters.operators import RULES, Operator, Shape, operators_of
from domain.rows import field_value
from domain.storable import UNSTORABLE, unstorable_path

_SHOWN = 60
"""Characters of a value that a message repeats."""

_EXPONENT = 300
"""Of a decimal number; from about 308 on it is infinite where it becomes a float."""

_WORD = re.compile(r"\w+")


class _Misfit(ValueError):
    """What is wrong with a value."""


def typed_value(target: Target, operator: Operator, value: Any) -> Any:  # noqa: ANN401 - of any column
    """Return a condition's value as a checked tree holds it; raises InvalidFilter."""
    entity, name = target.names.entity, ".".join(target.path)
    try:
        _refuse(target.kind, operator, value)
        return _SHAPES[RULES[operator].shape](entity, target.column or "", value)
    except RecursionError:
        raise InvalidFilter.of(entity.name, name, f"the value of {operator} is nested too deep") from None
    except _Misfit as why:
        raise InvalidFilter.of(entity.name, name, str(why)) from None
    except InvalidRows as error:
        reason = f"{error.found[0].message} ({operator} got {_shown(value)})"
        raise InvalidFilter.of(entity.name, name, reason) from None


def _refuse(kind: Kind, operator: Operator, value: Any) -> None:  # noqa: ANN401
    if kind not in RULES[operator].kinds:
        raise _Misfit(f"{operator} does not go with {kind} fields, which take {', '.join(operators_of(kind))}")
    if unstorable_path(value) is not None:
        raise _Misfit(UNSTORABLE)


def words_of(text: str) -> list[str]:
    """Return the words of a text: runs of letters, digits and underscores."""
    return list(dict.fromkeys(_WORD.findall(text)))


def _misfit(shape: Shape, value: object) -> _Misfit:
    return _Misfit(f"expected {shape}, got {_shown(value)}")


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


def _value(entity: EntityType, name: str, value: Any) -> Any:  # noqa: ANN401
    if value is None:
        raise _misfit(Shape.VALUE, value)
    return _nullable(entity, name, value)


def _nullable(entity: EntityType, name: str, value: Any) -> Any:  # noqa: ANN401
    if value is None:
        return None
    found = field_value(entity, name, value)
    if kind_of(entity.table.c[name].type) is Kind.JSON:
        _refuse_odd_json(found)
    elif not _is_within_range(found):
        raise _Misfit(f"{_shown(value)} is out of the range of every database")
    return found


def _is_within_range(value: object) -> bool:
    """Tell whether a database can compare with a number or a moment: in Python they go further."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= _EXPONENT
    if isinstance(value, datetime):
        try:
            value.astimezone(UTC)
        except OverflowError:
            return False
    return True


def _refuse_odd_json(value: object) -> None:
    """Raise for what Python takes for JSON and no database does: NaN, an infinity, an integer of 4,300 digits."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise _Misfit(f"{_shown(value)} is no JSON") from None


def _pair(entity: EntityType, name: str, value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004 - two, as between says
        raise _misfit(Shape.PAIR, value)
    low, high = (_value(entity, name, one) for one in value)
    if low > high:
        raise _misfit(Shape.PAIR, value)
    return (low, high)


def _values(entity: EntityType, name: str, value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, list | tuple | set | frozenset):
        raise _misfit(Shape.VALUES, value)
    if len(value) > MAX_VALUES:
        raise _Misfit(f"{len(value)} values, at most {MAX_VALUES}; ask in several requests")
    return tuple(_nullable(entity, name, one) for one in value)


def _singular(entity: EntityType, name: str, value: Any) -> Any:  # noqa: ANN401
    if value is not None and not isinstance(value, bool):
        raise _misfit(Shape.SINGULAR, value)
    return _nullable(entity, name, value)


def _text(shape: Shape) -> Callable[[EntityType, str, Any], str]:
    def check(_: EntityType, __: str, value: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str) or not value:
            raise _misfit(shape, value)
        if len(value) > MAX_TEXT:
            raise _Misfit(f"{len(value)} characters, at most {MAX_TEXT}")
        if shape is Shape.WORDS and not words_of(value):
            raise _misfit(shape, value)
        # An odd number of backslashes at the end: the last one would escape nothing, which PostgreSQL refuses.
        if shape is Shape.PATTERN and (len(value) - len(value.rstrip("\\"))) % 2:
            raise _Misfit(f"the pattern {_shown(value)} ends with a backslash that escapes nothing; write two for one")
        return value

    return check


def _truth(_: EntityType, __: str, value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise _misfit(Shape.TRUTH, value)
    return value


def _json(_: EntityType, __: str, value: Any) -> Any:  # noqa: ANN401
    if value is None or value in ([], {}) or not isinstance(value, list | dict | str | int | float):
        raise _misfit(Shape.JSON, value)
    _refuse_odd_json(value)
    return value


def _items(_: EntityType, __: str, value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, list | tuple) or not value or not all(isinstance(v, str | int | float) for v in value):
        raise _misfit(Shape.ITEMS, value)
    if len(value) > MAX_ITEMS:
        raise _Misfit(f"{len(value)} values, at most {MAX_ITEMS}")
    _refuse_odd_json(value)
    return tuple(value)


_SHAPES: dict[Shape, Callable[[EntityType, str, Any], Any]] = {
    Shape.VALUE: _value,
    Shape.NULLABLE: _nullable,
    Shape.PAIR: _pair,
    Shape.VALUES: _values,
    Shape.SINGULAR: _singular,
    Shape.PATTERN: _text(Shape.PATTERN),
    Shape.PIECE: _text(Shape.PIECE),
    Shape.WORDS: _text(Shape.WORDS),
    Shape.TRUTH: _truth,
    Shape.KEY: _text(Shape.KEY),
    Shape.JSON: _json,
    Shape.ITEMS: _items,
}
