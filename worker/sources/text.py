"""Bytes as text: a whole block at once, and line by line only where a block holds bytes that are no text."""

import codecs

from worker.sources.errors import WrongEncoding

_UTF_8 = {"utf-8", "utf-8-sig"}


def known_encoding(name: str) -> str:
    """Return the encoding's proper name; raises WrongEncoding for one that is unknown, or ends lines in another way."""
    try:
        found = codecs.lookup(name).name
        if found not in _UTF_8 and "\r\n".encode(found) != b"\r\n":
            raise WrongEncoding(name, "its line ends are not a single byte; convert the source to utf-8")
    except (LookupError, UnicodeError):
        raise WrongEncoding(name, "Python knows no such encoding of text") from None
    return "utf-8" if found in _UTF_8 else found


def count_lines(text: str) -> int:
    """Return the number of line ends in a text: LF, CR LF and CR alone."""
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)


class Decoder:
    """Decodes the blocks of one source, in their order."""

    def __init__(self, encoding: str) -> None:
        """Decode from the encoding; raises WrongEncoding."""
        self._encoding = known_encoding(encoding)
        self._started = False

    def decode(self, block: bytes, first: int, *, lone_cr: bool) -> tuple[str, dict[int, str]]:
        """Return a block as text, and what is wrong with which of its lines; `first` is the number of its first line.

        A line that is no text is returned with replacement characters, so that a quoted cell that spans it still ends
        where it ends. A byte order mark at the start of the source is left out.
        """
        if not self._started and self._encoding == "utf-8":
            block = block.removeprefix(codecs.BOM_UTF8)
        self._started = True
        try:
            return block.decode(self._encoding), {}
        except UnicodeDecodeError:
            return self._by_line(block.splitlines(keepends=True) if lone_cr else _by_line_feed(block), first)

    def _by_line(self, lines: list[bytes], first: int) -> tuple[str, dict[int, str]]:
        found, damage = [], {}
        for number, line in enumerate(lines, first):
            try:
                found.append(line.decode(self._encoding))
            except UnicodeDecodeError as error:
                where = f"byte {error.start + 1} of line {number}, 0x{line[error.start]:02x}"
                damage[number] = f"not {self._encoding}: {where}"
                found.append(line.decode(self._encoding, "replace"))
        return "".join(found), damage

    def start(self, line: bytes) -> str:
        """Return the beginning of a line, of which the last character may be cut in two."""
        return line.decode(self._encoding, "replace")


def _by_line_feed(block: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in block.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines
