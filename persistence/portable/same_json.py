"""Whether two JSON values are the same, as PostgreSQL compares them."""

from typing import Any


def is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    """Tell whether two values say the same: 1 and 1.0 do, 1 and `true` do not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
