"""Refused records written as CSV: whatever they hold, a reader finds each of them, and the columns that were added."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.reject import REJECT_COLUMNS
from domain.source import Dialect
from worker.cli.rejected_csv import RejectedCsv
from worker.cli.rejected_record import RejectedRecord

DIALECTS = st.sampled_from(
    [
        Dialect(),
        Dialect(delimiter=";", quote="'"),
        Dialect(delimiter="\t", escape="\\"),
        Dialect(delimiter="|", quote="~", escape="^"),
        Dialect(delimiter="x", quote="a"),
    ]
)
TEXTS = st.text("abx ,;|'\"\\^~\t\r\né=", max_size=12)


def form_of(dialect: Dialect) -> dict[str, Any]:
    """Return a dialect as the csv module names it."""
    marks = {"delimiter": dialect.delimiter, "quotechar": dialect.quote, "escapechar": dialect.escape}
    return {**marks, "doublequote": dialect.escape is None}


def read(dialect: Dialect, lines: Sequence[str]) -> list[list[str]]:
    """Read a file of these lines, as an importer does."""
    text = io.StringIO("".join(f"{line}\n" for line in lines), newline="")
    return list(csv.reader(text, **form_of(dialect)))


def write(dialect: Dialect, cells: Sequence[str]) -> str:
    """Return a record of these cells."""
    text = io.StringIO()
    csv.writer(text, **form_of(dialect)).writerow(cells)
    return text.getvalue().rstrip("\r\n")


@given(DIALECTS, st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=4))
def test_good_records_are_read_back_cell_by_cell(dialect: Dialect, records: list[list[str]]) -> None:
    """In the dialect of their source, behind line and reason."""
    form = RejectedCsv(dialect, write(dialect, ["key", "title"]))
    reason = f"say{dialect.delimiter} {dialect.quote}no{dialect.quote}"
    lines = [form.line(RejectedRecord(n, reason, write(dialect, cells))) for n, cells in enumerate(records)]
    expected = [[str(n), reason, *cells] for n, cells in enumerate(records)]
    assert read(dialect, [form.heading(), *lines]) == [[*REJECT_COLUMNS, "key", "title"], *expected]


@given(DIALECTS, st.lists(TEXTS, max_size=5), st.sampled_from([(), REJECT_COLUMNS]))
def test_no_broken_record_takes_its_neighbours_along(
    dialect: Dialect, raws: list[str], before: tuple[str, ...]
) -> None:
    """A quote that is left open ends with its record, also in a file that was corrected before."""
    header = write(dialect, [*before, "key", "title"])
    form = RejectedCsv(dialect, header)
    lines = [form.line(RejectedRecord(number, "odd", raw.rstrip("\r\n"))) for number, raw in enumerate(raws)]
    found = read(dialect, [form.heading(), *lines])
    assert found[0] == [*REJECT_COLUMNS, "key", "title"]
    assert [row[:2] for row in found[1:]] == [[str(number), "odd"] for number in range(len(raws))]
