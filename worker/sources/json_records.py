"""Records of NDJSON: each line is an object, or a reject; many lines are parsed at once."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import repeat

from pydantic import JsonValue

from domain.reject import RAW_KEPT, Reject
from worker.sources.blocks import Blocks, ByteSource, Counted, LineTooLongError
from worker.sources.json_text import MAX_DEPTH, parse_json, strict_scanner
from worker.sources.reading import Records, Row
from worker.sources.text import Decoder

_UNPARSED = (None, -1)


class JsonReading:
    """An NDJSON source; its lines end by LF or CR LF, empty ones are passed over."""

    header: list[str] | None = None
    header_text = ""

    def __init__(self, stream: ByteSource, encoding: str, *, max_record_bytes: int, progress: Counted) -> None:
        """Read from the stream; `progress` is what it is unpacked from, or itself. Raises WrongEncoding."""
        self._progress = progress
        self._max = max_record_bytes
        self._blocks = Blocks(stream, max_line_bytes=max_record_bytes, lone_cr=False)
        self._decoder = Decoder(encoding)
        self._scan = strict_scanner()

    def chunks(self, size: int) -> Iterator[Records]:
        """Yield the records; see `Reading`."""
        first = 1
        while True:
            try:
                block = next(self._blocks)
            except StopIteration:
                return
            except LineTooLongError as error:
                raw = self._decoder.start(error.start)[:RAW_KEPT]
                reject = Reject(first, "", f"longer than {self._max} bytes", raw)
                yield Records(rejects=[reject], position=self._progress.position)
                first += 1
                continue
            text, damage = self._decoder.decode(block, first, lone_cr=False)
            lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
            nested = text.count("[") + text.count("{") > len(lines) + MAX_DEPTH // 2
            for start in range(0, len(lines), size):
                found = self._parsed(first + start, lines[start : start + size], damage, nested=nested)
                found.position = self._progress.position
                yield found
            first += len(lines)

    def _parsed(self, first: int, lines: Sequence[str], damage: dict[int, str], *, nested: bool) -> Records:
        """Return the records of lines; `nested` says that one of them may be deeper than is allowed."""
        found, rows = Records(), list[dict[str, JsonValue]]()
        for number, (line, (value, end)) in enumerate(zip(lines, self._scanned(lines), strict=True), first):
            plain = end == len(line) and not (nested and line.count("[") + line.count("{") > MAX_DEPTH)
            if plain and type(value) is dict and not damage:
                found.lines.append(number)
                rows.append(value)
            elif (looked := _looked_at(line, damage.get(number))) is None:
                continue
            elif isinstance(looked, str):
                found.rejects.append(Reject(number, "", looked, line[:RAW_KEPT]))
            else:
                found.lines.append(number)
                rows.append(looked)
        found.rows = rows
        return found

    def _scanned(self, lines: Sequence[str]) -> list[tuple[JsonValue, int]]:
        """Return the value at the start of each line and where it ends; -1 where there is none."""
        found: list[tuple[JsonValue, int]] = []
        rest = iter(lines)
        while len(found) < len(lines):
            # An error ends `extend` with what it has so far, and StopIteration, for a line without a value, too.
            with suppress(ValueError, RecursionError):
                found.extend(map(self._scan, rest, repeat(0)))
            if len(found) < len(lines):
                found.append(_UNPARSED)
        return found

    def raw(self, row: Row) -> str:
        """Return the row as JSON, cut; see `Reading`."""
        return json_text(row)


def json_text(row: Row) -> str:
    """Return a row as JSON in one line, cut to what is kept of a refused record."""
    return json.dumps(row, ensure_ascii=False)[:RAW_KEPT]


def _looked_at(line: str, damage: str | None) -> dict[str, JsonValue] | str | None:
    """Return a line's object, None for an empty line, or the reason for which it is refused."""
    if damage:
        return damage
    if not line.strip():
        return None
    try:
        value = parse_json(line)
    except ValueError as error:
        return f"not JSON: {error}"
    return value if isinstance(value, dict) else "not a JSON object"
