"""Records of CSV: csv.reader over whole pages, and a closer look only where one of them calls for it."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from itertools import chain
from typing import cast

from domain.reject import RAW_KEPT, Reject
from domain.source import Dialect
from domain.storable import UNSTORABLE
from worker.sources.blocks import ByteSource, Counted
from worker.sources.csv_pages import Pages, RecordTooLongError
from worker.sources.errors import WrongHeader
from worker.sources.reading import CHUNK_CHARACTERS, Records, Row, span


class CsvReading:
    """A CSV source, read strictly: lines end by LF, CR LF or CR, also inside quotes; empty lines are passed over.

    A cell that equals the dialect's `null` is None whether it is quoted or not: csv.reader does not tell.
    """

    def __init__(
        self, stream: ByteSource, dialect: Dialect, encoding: str, *, max_record_bytes: int, progress: Counted
    ) -> None:
        """Read the header; `progress` is what the stream is unpacked from, or the stream.

        Raises WrongHeader, WrongEncoding, and what the stream raises.
        """
        if csv.field_size_limit() < max_record_bytes:  # of the whole process; what bounds a record is Pages
            csv.field_size_limit(max_record_bytes)
        self._progress = progress
        self._dialect = dialect
        self._max = max_record_bytes
        self._pages = Pages(stream, encoding, max_record_bytes=max_record_bytes)
        self._before = 0
        self._open_reader()
        self.header = self._read_header()
        self.header_text = self._text(self.header)

    def _open_reader(self) -> None:
        """Go on behind what the reader before this one has read."""
        said = self._dialect
        self._reader = csv.reader(
            chain.from_iterable(self._pages),
            delimiter=said.delimiter,
            quotechar=said.quote,
            escapechar=said.escape,
            strict=True,
        )

    def chunks(self, size: int) -> Iterator[Records]:
        """Yield the records; see `Reading`."""
        more = True
        while more:
            found = Records()
            ends: list[int] = []
            self._pages.begin(ends)
            while more and (room := size - len(ends)) > 0 and self._pages.handed < CHUNK_CHARACTERS:
                more = self._run(found, ends, room)
            self._pages.forget(self._before + self._reader.line_num + 1)
            found.position = self._progress.position
            if ends:
                yield found

    def _run(self, found: Records, ends: list[int], room: int) -> bool:
        """Read until `room` records, much text, an error or the end; returns whether there may be more."""
        first = self._before + self._reader.line_num + 1
        rows: list[list[str]] = []
        start = len(ends)
        try:
            more = self._take(rows, ends, room)
            wrong = None
        except (csv.Error, RecordTooLongError) as error:
            more, wrong = True, error
        starts = [first, *[self._before + end + 1 for end in ends[start:]]]
        self._sift(found, starts, rows)
        if wrong is not None:
            ends.append(0)  # it counts as one of the chunk's records
            found.rejects.append(self._refused(starts[-1], wrong))
        return more

    def _take(self, rows: list[list[str]], ends: list[int], room: int) -> bool:
        pages, reader = self._pages, self._reader
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) >= room or pages.handed >= CHUNK_CHARACTERS:
                return True
        return False

    def _sift(self, found: Records, starts: list[int], rows: list[list[str]]) -> None:
        """Add the rows that are as they should be; `starts` has one line more than there are rows."""
        if self._pages.suspect or any(count != len(self.header) for count in set(map(len, rows))):
            kept: list[list[str]] = []
            lines: list[int] = []
            for number, row in enumerate(rows):
                if reason := self._reason(row, starts[number], starts[number + 1] - 1):
                    found.rejects.append(Reject(starts[number], "", reason, self.raw(row), self.header_text))
                elif row:
                    kept.append(row)
                    lines.append(starts[number])
        else:
            kept, lines = rows, starts[:-1]
        found.lines += lines
        cast("list[list[str | None]]", found.rows).extend(self._with_nulls(kept))

    def _with_nulls(self, rows: list[list[str]]) -> Sequence[list[str | None]]:
        null = self._dialect.null
        if null is None:
            return cast("list[list[str | None]]", rows)
        return [[None if cell == null else cell for cell in row] for row in rows]

    def _reason(self, row: list[str], first: int, last: int) -> str:
        """Return why a record is refused, empty where it is not."""
        if self._pages.suspect:
            for line in range(first, last + 1) if self._pages.damage else ():
                if line in self._pages.damage:
                    return self._pages.damage[line]
            if any("\0" in cell for cell in row):
                return UNSTORABLE
        if not row or len(row) == len(self.header):
            return ""
        return f"{len(row)} cells, expected {len(self.header)} as in the header{span(first, last)}"

    def _refused(self, first: int, error: csv.Error | RecordTooLongError) -> Reject:
        last = self._before + self._reader.line_num
        if isinstance(error, csv.Error):
            reason, raw = f"not CSV: {error}", self._pages.raw(first, last)
        else:
            # The reader has ended with its error; the line that was too long by itself was not counted by it.
            last += bool(error.line)
            raw = (self._pages.raw(first, last) + error.line)[:RAW_KEPT]
            reason = self._too_long()
            self._before = last
            self._open_reader()
        return Reject(first, "", reason + span(first, last), raw, self.header_text)

    def _read_header(self) -> list[str]:
        self._pages.begin(())
        try:
            columns = next(self._reader, [])
        except csv.Error as error:
            raise WrongHeader(f"not CSV ({error})") from None
        except RecordTooLongError:
            raise WrongHeader(self._too_long()) from None
        for line in sorted(self._pages.damage):
            if line <= self._reader.line_num:
                raise WrongHeader(self._pages.damage[line])
        check_columns(columns)
        return columns

    def _too_long(self) -> str:
        return f"longer than {self._max} bytes"

    def raw(self, row: Row) -> str:
        """Return the row in the source's dialect, cut; see `Reading`."""
        if isinstance(row, Mapping):
            row = [cast("str | None", row.get(name)) for name in self.header]
        return self._text([(self._dialect.null or "") if cell is None else cell for cell in row])[:RAW_KEPT]

    def _text(self, cells: Sequence[str]) -> str:
        stream, said = StringIO(newline=""), self._dialect
        # Only with this line end does csv.writer quote both CR and LF.
        end = "\r\n"
        csv.writer(
            stream, delimiter=said.delimiter, quotechar=said.quote, escapechar=said.escape, lineterminator=end
        ).writerow(cells)
        return stream.getvalue().removesuffix(end)


def check_columns(columns: Sequence[str]) -> None:
    """Raise WrongHeader where a column has no name, or the name of another one."""
    if not any(columns):
        raise WrongHeader("the first line is empty")
    for number, name in enumerate(columns, 1):
        if not name:
            raise WrongHeader(f"column {number} has no name")
        if columns.count(name) > 1:
            raise WrongHeader(f"column {name!r} stands there {columns.count(name)} times")
        if "\0" in name:
            raise WrongHeader(f"column {name!r} {UNSTORABLE}")
