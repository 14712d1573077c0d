"""Refused records of a JSON source: as lines, or in a table of the names that stand in them."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from domain.reject import REJECT_COLUMNS, UNREADABLE_COLUMN
from domain.storable import storable
from worker.cli.csv_line import csv_line
from worker.cli.rejected_record import RejectedRecord


class RejectedJson:
    """Writes the refused records of one source as CSV: first `learn` of all, then `heading`, then each `line`."""

    def __init__(self) -> None:
        """Know no columns yet."""
        self._names: dict[str, None] = {}
        self._has_unreadable = False

    def learn(self, record: RejectedRecord) -> None:
        """Take the names of a record into the columns, in the order in which they first stand there."""
        value = _object(record.raw)
        self._has_unreadable |= value is None
        self._names |= dict.fromkeys(name for name in value or () if name not in REJECT_COLUMNS)

    def heading(self) -> str:
        """Return the first line."""
        return _csv([*REJECT_COLUMNS, *self._names, *([UNREADABLE_COLUMN] if self._has_unreadable else [])])

    def line(self, record: RejectedRecord) -> str:
        """Return the line of a record: texts as they are, null as nothing, lists and objects as JSON."""
        value = _object(record.raw)
        cells = [_cell((value or {}).get(name)) for name in self._names]
        unreadable = [record.raw if value is None else ""] if self._has_unreadable else []
        return _csv([str(record.line), record.reason, *cells, *unreadable])


def json_line(record: RejectedRecord) -> str:
    """Return the record as it was sent, in one line: between the values of JSON a line end is only a space."""
    return " ".join(record.raw.splitlines())


def _object(raw: str) -> dict[str, Any] | None:
    try:
        value = json.loads(raw, parse_float=Decimal)  # a float would round long numbers
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _cell(value: Any) -> str:  # noqa: ANN401 - a JSON value
    if value is None:
        return ""
    if isinstance(value, str | Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=float)


def _csv(cells: Sequence[str]) -> str:
    # No standard output can write half of a surrogate pair, for which a record may have been refused.
    return csv_line([storable(cell) for cell in cells])
