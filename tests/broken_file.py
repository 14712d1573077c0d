"""Copies of CSV files in which known rows are broken, each in its own way, and their correction."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str]
Break = Callable[[Row, Row], Row]
"""Returns the row as it is broken; its second argument is the first row of the file."""


@dataclass(frozen=True)
class Broken:
    """A file, its columns, its rows by line as they should be, and what the reason of each broken line begins with."""

    path: Path
    columns: tuple[str, ...]
    right: Mapping[int, Row]
    reasons: Mapping[int, str]

    def corrected(self, rejects: str) -> str:
        """Return the text of `counterfoil rejects --csv` with each record as it should be."""
        reader = csv.reader(io.StringIO(rejects, newline=""))
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(next(reader))
        for line, reason, *_ in reader:
            writer.writerow([line, reason, *self.right[int(line)].values()])
        return out.getvalue()


def break_file(source: Path, path: Path, ways: Mapping[str, Break | str], *, each: int) -> Broken:
    """Write a copy of the file in which `each` rows are broken in each of the ways, known by what their reasons say.

    A way that is a text is written as the whole line, byte for byte in Latin-1.
    """
    text = source.read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    lines, starts = io.BytesIO(), dict[int, Row]()
    columns, line, first = tuple(reader.fieldnames or ()), 2, dict[str, str]()
    plan = {10 * (place + 1): way for place, way in enumerate(way for way in ways for _ in range(each))}
    reasons = {}
    lines.write(_line(columns))
    for number, row in enumerate(reader, 1):
        first, written = first or row, _line(tuple(row.values()))
        if (reason := plan.get(number)) is not None:
            way = ways[reason]
            written = way.encode("latin-1") if isinstance(way, str) else _line(tuple(way(row, first).values()))
            starts[line], reasons[line] = row, reason
        lines.write(written)
        line += written.count(b"\n")
    path.write_bytes(lines.getvalue())
    return Broken(path, columns, starts, reasons)


def _line(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
