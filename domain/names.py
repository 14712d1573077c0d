"""The nearest valid name, for messages about an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where none is like it (difflib's ratio under 0.6)."""
    matches = get_close_matches(name, list(known), n=1)
    return matches[0] if matches else None
