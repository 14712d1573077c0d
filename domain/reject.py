"""Rows of a bulk job that were refused, and what became of the others."""

from enum import StrEnum
from typing import NamedTuple

RAW_KEPT = 65_536
"""Characters of a refused record's own text that are kept."""


REJECT_COLUMNS = ("rejected_line", "rejected_reason")
"""Columns in front of a refused record's own in a file to correct; no field takes them when it is imported again."""

UNREADABLE_COLUMN = "rejected_text"
"""The column there of a record that is no JSON object, and so has no columns of its own."""


class Reject(NamedTuple):
    """A refused record: its line (from 1), the field (empty: the whole record), why, and its text as it was read.

    `header` is the first line of a CSV source, so that the refused records can be corrected and loaded again as a file;
    empty where records are JSON.
    """

    line: int
    field: str
    reason: str
    raw: str
    header: str = ""


class Fate(StrEnum):
    """What became of a row."""

    INSERTED = "inserted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    REFUSED = "refused"


class RowFate(NamedTuple):
    """What became of the row at a line, and the id of the row in the table (None: there is none)."""

    line: int
    fate: Fate
    id: int | None
