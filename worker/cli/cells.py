"""Values in tables for people: one line each, and nothing in them that a terminal would obey."""

import json
from datetime import timedelta
from typing import Any

TEXT_SHOWN = 4_000
"""Characters of a value that a table shows; --json has all of it."""

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def plain(text: str) -> str:
    """Return a text with what is not printable as escapes, line ends apart: senders choose ids and arguments."""
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode("ascii") for one in text
    )


def one_line(text: str) -> str:
    """Return a text in one line."""
    return plain(" ".join(text.split()))


def block(value: Any) -> str:  # noqa: ANN401 - a JSON value
    """Return a JSON value over several lines, cut where it is long."""
    text = plain(json.dumps(value, indent=2, ensure_ascii=False))
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}\n… {len(text):,} characters; --json has all"


def span(time: timedelta) -> str:
    """Return a length of time in its largest unit, such as `3 h`."""
    seconds = max(0, int(time.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
