"""Functions that SQLite lacks: lower and upper case of all letters, regular expressions, JSON compared."""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_TRUTH = {True: 1, False: 0}


def register(dbapi_connection: Any) -> None:  # noqa: ANN401 - the driver's own, or SQLAlchemy's adapter of it
    """Give a new connection the functions; `lower` and `upper` take the place of SQLite's, which know ASCII alone."""
    for name, arguments, function in _FUNCTIONS:
        dbapi_connection.create_function(name, arguments, function, deterministic=True)


def json_contains(whole: Any, part: Any) -> bool:  # noqa: ANN401 - JSON
    """Tell whether a JSON value holds another, by the rules of PostgreSQL's `@>`.

    An object holds one whose every key is there with a value that holds its value; a list holds one whose every item is
    held by one of its own, in any order; at the top a list holds a plain value too.
    """
    if isinstance(whole, list) and not isinstance(part, list | dict):
        return any(json_equal(one, part) for one in whole)
    return _holds(whole, part)


def json_equal(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    """Tell whether two JSON values are equal; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(json_equal(one[key], other[key]) for key in one)
    return bool(one == other)


def _holds(whole: Any, part: Any) -> bool:  # noqa: ANN401
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _holds(whole[key], inner) for key, inner in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return all(any(_holds(one, inner) for one in whole) for inner in part)
    return json_equal(whole, part)


def _of_json(compare: Callable[[Any, Any], bool]) -> Callable[[str | None, str | None], int | None]:
    def function(one: str | None, other: str | None) -> int | None:
        return None if one is None or other is None else _TRUTH[compare(json.loads(one), json.loads(other))]

    return function


def _has_key(whole: str | None, key: str | None) -> int | None:
    if whole is None or key is None:
        return None
    found = json.loads(whole)
    return _TRUTH[isinstance(found, dict) and key in found]


def _regexp(pattern: str | None, text: Any) -> int | None:  # noqa: ANN401 - a value of any column
    if pattern is None or text is None:
        return None
    return _TRUTH[_compiled(pattern).search(str(text)) is not None]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _lower(text: Any) -> Any:  # noqa: ANN401 - SQLite's lower takes numbers too
    return None if text is None else str(text).lower()


def _upper(text: Any) -> Any:  # noqa: ANN401
    return None if text is None else str(text).upper()


_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("lower", 1, _lower),
    ("upper", 1, _upper),
    ("regexp", 2, _regexp),
    ("counterfoil_json_contains", 2, _of_json(json_contains)),
    ("counterfoil_json_equal", 2, _of_json(json_equal)),
    ("counterfoil_json_has_key", 2, _has_key),
)
