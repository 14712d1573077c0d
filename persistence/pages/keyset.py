"""Rows after or before a place in a sorted list, found by the values of the sort keys instead of by counting."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, tuple_

from persistence.pages.cursor import Place
from persistence.pages.sort import SortKey


def beyond(keys: Sequence[SortKey], place: Place) -> ColumnElement[bool]:
    """Return the condition that a row lies after the place (before it, where the place says backward)."""
    pairs = list(zip(keys, place.values, strict=True))
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        return _as_one_row(pairs, place)
    reached: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, value in pairs:
        reached.append(and_(*same, _further(key, value, backward=place.backward)))
        same.append(key.column.is_(None) if value is None else key.column == value)
    if place.holding:
        reached.append(and_(*same))
    return or_(*reached)


def _as_one_row(pairs: Sequence[tuple[SortKey, Any]], place: Place) -> ColumnElement[bool]:
    """Return `(a, b) > (x, y)`, which an index over these columns answers at once."""
    columns = tuple_(*(key.column for key, _ in pairs))
    values = tuple_(*(value for _, value in pairs), types=[key.column.type for key, _ in pairs])
    if pairs[0][0].descending != place.backward:
        return columns <= values if place.holding else columns < values
    return columns >= values if place.holding else columns > values


def _further(key: SortKey, value: Any, *, backward: bool) -> ColumnElement[bool]:  # noqa: ANN401 - a column's value
    """Return the condition on one column, with null behind every value."""
    if value is None:
        return key.column.is_not(None) if backward else false()
    further = key.column < value if key.descending != backward else key.column > value
    return or_(further, key.column.is_(None)) if key.nullable and not backward else further
