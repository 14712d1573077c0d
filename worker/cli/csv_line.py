"""One line of CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

_END = "\r\n"


def csv_line(cells: Sequence[str], **form: Any) -> str:  # noqa: ANN401 - what the csv module takes
    """Return cells as a line, without its end; `form` is the dialect as the csv module names it."""
    text = io.StringIO()
    # With no line end of its own, Python 3.11 quotes none that stands in a cell.
    csv.writer(text, lineterminator=_END, **form).writerow(cells)
    return text.getvalue().removesuffix(_END)
