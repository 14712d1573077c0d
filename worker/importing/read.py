"""Records of CSV and NDJSON, each with the number of its first line; what cannot be read is a refusal, and no end."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from worker.importing.errors import WrongHeader
from worker.importing.json_text import parse_json
from worker.importing.lines import Lines, RecordTooLongError


@dataclass(frozen=True, slots=True)
class Record:
    """What one record of a file says, by column; `line` is its first line, counted from 1."""

    line: int
    values: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is refused: `field` may be empty for the whole record."""

    line: int
    field: str
    reason: str


Reading = Iterator[Record | Refusal]


def read_csv(lines: Lines, delimiter: str = ",") -> tuple[list[str], Reading]:
    """Return the columns of the header, and the records below it, read as they are asked for.

    Empty lines are passed over. A record that has not as many cells as the header, breaks the rules of quoting, or
    holds bytes that are no text, is a refusal. Raises WrongHeader.
    """
    csv.field_size_limit(lines.max_bytes)  # the 128 KiB that csv starts with are too few for long texts
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    columns = _header(table, lines)
    return columns, _records(table, lines, columns)


def read_ndjson(lines: Lines) -> Reading:
    """Yield a record for each line that is a JSON object, and a refusal for each other one; empty lines are passed."""
    while True:
        first = lines.begin()
        try:
            text = next(lines)
        except StopIteration:
            return
        except RecordTooLongError:
            yield Refusal(first, "", _too_long(lines))
            continue
        if lines.damage:
            yield Refusal(first, "", lines.damage)
        elif text.strip():
            yield _parsed(first, text)


def _parsed(line: int, text: str) -> Record | Refusal:
    try:
        value = parse_json(text)
    except ValueError as error:
        return Refusal(line, "", f"not JSON: {error}")
    if not isinstance(value, dict):
        return Refusal(line, "", "not a JSON object")
    return Record(line, value)


def _header(table: Iterator[list[str]], lines: Lines) -> list[str]:
    lines.begin()
    try:
        columns = next(table, [])
    except csv.Error as error:
        raise WrongHeader(f"not CSV ({error})") from None
    except RecordTooLongError:
        raise WrongHeader(_too_long(lines)) from None
    if lines.damage:
        raise WrongHeader(lines.damage)
    if not any(columns):
        raise WrongHeader("the first line is empty")
    twice = [name for name in columns if name and columns.count(name) > 1]
    if twice:
        raise WrongHeader(f"column {twice[0]!r} stands there {columns.count(twice[0])} times")
    return columns


def _records(table: Iterator[list[str]], lines: Lines, columns: Sequence[str]) -> Reading:
    while True:
        first = lines.begin()
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refusal(first, "", f"not CSV: {error}{_span(first, lines)}")
            continue
        except RecordTooLongError:
            yield Refusal(first, "", f"{_too_long(lines)}{_span(first, lines)}")
            continue
        if lines.damage:
            yield Refusal(first, "", lines.damage)
        elif len(cells) == len(columns):
            yield Record(first, dict(zip(columns, cells, strict=True)))
        elif cells:
            expected = f"{len(cells)} cells, expected {len(columns)} as in the header"
            yield Refusal(first, "", f"{expected}{_span(first, lines)}")


def _span(first: int, lines: Lines) -> str:
    if lines.number == first:
        return ""
    return f" (lines {first} to {lines.number} were read as one record: is a quote left open?)"


def _too_long(lines: Lines) -> str:
    return f"longer than {lines.max_bytes} bytes"
