"""JSON as PostgreSQL and other readers take it: no NaN, no infinity, no name twice, no bottomless nesting."""

import json
import math
from collections.abc import Callable
from typing import NoReturn

from pydantic import JsonValue

MAX_DEPTH = 100
"""Levels of nesting: far more than data has, and far fewer than exhaust the stack of whoever walks through it."""


def strict_decoder() -> json.JSONDecoder:
    """Return a decoder that refuses all but bottomless nesting, by ValueError."""
    return json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_named_once)


def strict_scanner() -> Callable[[str, int], tuple[JsonValue, int]]:
    """Return what reads the value at an index of a text and says where it ends, without a call of Python.

    Raises ValueError as the decoder does, StopIteration where no value begins, RecursionError.
    """
    found: Callable[[str, int], tuple[JsonValue, int]] = strict_decoder().scan_once  # type: ignore[attr-defined]
    return found


def parse_json(text: str) -> JsonValue:
    """Return the value; raises ValueError, whose text says in a few words what is wrong."""
    try:
        value: JsonValue = strict_decoder().decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    # Each level has an opening bracket: only a text with many of them is worth a walk.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    return value


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def _depth(value: JsonValue) -> int:
    depth, level = 0, [value]
    while nested := [inner for inner in level if isinstance(inner, dict | list)]:
        depth += 1
        level = [inner for outer in nested for inner in (outer.values() if isinstance(outer, dict) else outer)]
    return depth


def _named_once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return found


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"{text} is out of range")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
