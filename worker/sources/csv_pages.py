"""The text of a CSV source as csv.reader takes it, a page at a time; knows where a record is that does not end."""

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from functools import cached_property
from io import StringIO

from domain.reject import RAW_KEPT
from worker.sources.blocks import Blocks, ByteSource, LineTooLongError
from worker.sources.text import Decoder, count_lines


class RecordTooLongError(Exception):
    """The record that is being read is longer than may be held; `line` is the text of its last line, passed over."""

    def __init__(self, line: str = "") -> None:
        """Keep the beginning of a line that was too long by itself."""
        super().__init__()
        self.line = line


@dataclass
class Page:
    """A block as text: the number of its first line, and what is wrong with which of its lines."""

    first: int
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The page's lines, cut once: a page may have thousands of broken ones."""
        return list(StringIO(self.text, newline=""))

    @cached_property
    def has_nul(self) -> bool:
        """Whether a NUL character stands anywhere."""
        return "\0" in self.text


class Pages(Iterator[StringIO]):
    """Iterates over a stream in pages, and counts what a record costs that spans several.

    `handed` are the characters given out since `begin`; `suspect` says that a NUL, or a line that is no text
    (`damage`, by its number), stands in one of the pages of which the records since `begin` were read.
    """

    def __init__(self, stream: ByteSource, encoding: str, *, max_record_bytes: int) -> None:
        """Read from the stream; raises WrongEncoding."""
        self.handed = 0
        self.damage: dict[int, str] = {}
        self.suspect = False
        self._blocks = Blocks(stream, max_line_bytes=max_record_bytes, lone_cr=True)
        self._decoder = Decoder(encoding)
        self._max = max_record_bytes
        self._next_line = 1
        self._page = self._held = Page(1, "")
        self._open = 0
        self._ended: Sized = ()
        self._seen = -1

    def begin(self, ended: Sized) -> None:
        """Start a chunk where a record ends; `ended` grows with each record that is read from now on."""
        self.handed = 0
        self._ended, self._seen = ended, -1
        self.suspect = self._page.has_nul or bool(self.damage)

    def __next__(self) -> StringIO:
        """Return the next page; raises RecordTooLongError, after which the line that follows comes next."""
        self._watch()
        try:
            block = next(self._blocks)
        except LineTooLongError as error:
            self._next_line += 1
            raise RecordTooLongError(self._decoder.start(error.start)) from None
        text, damage = self._decoder.decode(block, self._next_line, lone_cr=True)
        self._page = Page(self._next_line, text)
        self._next_line += count_lines(text)
        self.handed += len(text)
        self.damage |= damage
        self.suspect = self.suspect or bool(damage) or self._page.has_nul
        return StringIO(text, newline="")

    def _watch(self) -> None:
        """Refuse to go on with a record that has taken more pages than may be held."""
        if len(self._ended) > self._seen:
            self._seen = len(self._ended)
            self._held = self._page  # the record that is being read, if any, starts there
            self._open = len(self._page.text)
        else:
            self._open += len(self._page.text)
        if self._open > self._max + len(self._held.text):
            self._seen = -1
            raise RecordTooLongError

    def raw(self, first: int, last: int) -> str:
        """Return the text of the lines as far as it is at hand, cut to what is kept of a refused record."""
        found = ""
        for page in (self._held, self._page) if self._held is not self._page else (self._page,):
            start = first - page.first
            if 0 <= start < len(page.lines) and len(found) < RAW_KEPT:
                lines = page.lines[start : last - page.first + 1]
                found += "".join(lines)
                first += len(lines)
        return found[:RAW_KEPT]

    def forget(self, before: int) -> None:
        """Forget the damage of lines that are read."""
        if self.damage:
            self.damage = {line: why for line, why in self.damage.items() if line >= before}
