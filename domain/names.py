"""The nearest valid name, for messages about an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 200
"""Characters of a name that is worth comparing."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where none is like it (difflib's ratio under 0.6).

    Of a longer name the first `LONGEST` characters are compared: 10 MB of them took 2 s.
    """
    matches = get_close_matches(name[:LONGEST], list(known), n=1)
    return matches[0] if matches else None
