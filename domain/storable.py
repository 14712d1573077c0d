"""What PostgreSQL can store as text: no NUL character and no half of a surrogate pair."""

import re

from pydantic import JsonValue

UNSTORABLE = "holds a NUL character or a lone surrogate, which PostgreSQL cannot store"
"""What is said of a text that PostgreSQL refuses."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unstorable_path(value: JsonValue, path: str = "") -> str | None:
    """Return where in a JSON value the first text stands that PostgreSQL refuses, such as `rows.3.title`, or None."""
    if isinstance(value, str):
        return path if _UNSTORABLE.search(value) else None
    if isinstance(value, dict):
        for name, inner in value.items():
            if _UNSTORABLE.search(name):
                return f"{path}.{name!r}".lstrip(".")
            if (found := unstorable_path(inner, f"{path}.{name}".lstrip("."))) is not None:
                return found
    if isinstance(value, list):
        for index, inner in enumerate(value):
            if (found := unstorable_path(inner, f"{path}.{index}".lstrip("."))) is not None:
                return found
    return None


def storable(text: str) -> str:
    """Return a text that PostgreSQL can store, with the characters that it cannot written as escapes."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def refuse_unstorable(text: object) -> object:
    """Return what was given; raises ValueError for a text that PostgreSQL cannot store."""
    if isinstance(text, str) and _UNSTORABLE.search(text):
        raise ValueError(f"{UNSTORABLE}; remove it")
    return text
