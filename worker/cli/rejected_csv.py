"""Refused records of a CSV source: in its own dialect, to be corrected and imported again, or as objects."""

import csv
import io
from collections.abc import Sequence
from itertools import islice
from typing import Any

from domain.reject import REJECT_COLUMNS
from domain.source import Dialect
from worker.cli.csv_line import csv_line
from worker.cli.rejected_record import RejectedRecord


class RejectedCsv:
    """Writes the refused records of one source."""

    def __init__(self, dialect: Dialect, header: str) -> None:
        """Take the dialect of the source, and its first line."""
        self._form: dict[str, Any] = {
            "delimiter": dialect.delimiter,
            "quotechar": dialect.quote,
            "escapechar": dialect.escape,
            "doublequote": dialect.escape is None,
        }
        self._header = header.removeprefix("\ufeff").rstrip("\r\n")
        # A corrected file that was imported with the added columns: they would stand there twice, which is no header.
        self._is_again = tuple(self._cells(self._header)[: len(REJECT_COLUMNS)]) == REJECT_COLUMNS

    def heading(self) -> str:
        """Return the first line: the added columns, then those of the source."""
        return self._behind(REJECT_COLUMNS, self._own(self._header))

    def line(self, record: RejectedRecord) -> str:
        """Return the line of a record, its text unchanged.

        A text that is no record by itself, because a quote in it is left open, would take the records after it with
        it: it is written as one cell.
        """
        text = self._own(record.raw) if self._is_whole(record.raw) else self._text([record.raw])
        return self._behind((str(record.line), record.reason), text)

    def as_object(self, record: RejectedRecord) -> dict[str, str]:
        """Return the cells by column; one beyond the header is named by its place, such as `column 7`."""
        columns, cells = (self._cells(self._own(text)) for text in (self._header, record.raw))
        columns += [f"column {place}" for place in range(len(columns) + 1, len(cells) + 1)]
        return dict(zip(columns, cells, strict=False))

    def _behind(self, added: Sequence[str], text: str) -> str:
        return f"{self._text(added)}{self._form['delimiter']}{text}"

    def _own(self, text: str) -> str:
        return self._text(self._cells(text)[len(REJECT_COLUMNS) :]) if self._is_again else text

    def _cells(self, text: str) -> list[str]:
        return next(self._read(text), [])

    def _is_whole(self, text: str) -> bool:
        """Tell whether what follows a text would be a record of its own."""
        try:
            return list(islice(self._read(f"{text}\nx"), 1, 3)) == list(self._read("x"))
        except csv.Error:
            return False

    def _read(self, text: str) -> Any:  # noqa: ANN401 - the csv module's reader
        return csv.reader(io.StringIO(text, newline=""), **self._form)

    def _text(self, cells: Sequence[str]) -> str:
        return csv_line(cells, **self._form)
