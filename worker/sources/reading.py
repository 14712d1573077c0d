"""What readers of all formats give: records in chunks, and the text of a record for those that are refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from domain.reject import Reject

Row = Sequence[str | None] | Mapping[str, JsonValue]
"""A record's cells in the order of the header (None: null), or its values by name."""

CHUNK_CHARACTERS = 4 * 1024 * 1024
"""About how much text a chunk holds, so that wide records make small chunks."""


@dataclass(slots=True)
class Records:
    """Some records of a source in its order, and those among them that cannot be read.

    `lines` has the number of each row's first line, from 1 (of Parquet: the record's number). Rows of CSV have as many
    cells as the header; None only where the dialect has a `null`. `position` is the number of bytes of the source, as
    it came, that were read so far.
    """

    lines: list[int] = field(default_factory=list)
    rows: list[list[str | None]] | list[dict[str, JsonValue]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    position: int = 0


class Reading(Protocol):
    """A source whose records are read as they are asked for, once."""

    @property
    def header(self) -> list[str] | None:
        """The columns of CSV and Parquet, None for NDJSON."""

    @property
    def header_text(self) -> str:
        """The header record of CSV in the source's dialect, empty for the other formats."""

    def chunks(self, size: int) -> Iterator[Records]:
        """Yield the records, at most `size` and about 4 MB of text at a time; a chunk may be empty.

        Raises the errors of `worker.sources.errors` where the rest of the source cannot be read.
        """

    def raw(self, row: Row) -> str:
        """Return a row as text in the source's dialect, or as JSON, cut to what is kept of a refused record."""


def span(first: int, last: int) -> str:
    """Return the remark on a record that took several lines, empty for one line."""
    return f" (lines {first} to {last} were read as one record: is a quote left open?)" if last > first else ""
