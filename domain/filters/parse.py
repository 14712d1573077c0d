"""Filters in words, as commands, the command line and HTTP say them: `{"project__key__startswith": "a"}`."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from domain.entities import Entities, EntityType
from domain.errors import InvalidFilter, UnknownName
from domain.filters.check import check
from domain.filters.limits import MAX_DEPTH
from domain.filters.names import Names, resolve
from domain.filters.operators import Operator
from domain.filters.tree import And, Condition, Filter, Not, Or, Search

RESERVED = ("and", "or", "not", "search")
"""Words that are no fields; a field of such a name is meant with an operator, as in `search__eq`."""


def parse_filter(entities: Entities, entity: EntityType, words: Mapping[str, JsonValue]) -> Filter:
    """Return the tree, checked, of words of which a row must meet all.

    A word is `field`, `field__operator`, or leads through relations to one (`project__key__startswith`,
    `project.key`); `and` and `or` take a list of such words, `not` takes some, `search` a text or `{"text", "fields"}`.
    Raises UnknownName, with the nearest valid name, and InvalidFilter.
    """
    return parse_names(Names(entities, entity), words)


def parse_names(names: Names, words: Mapping[str, JsonValue]) -> Filter:
    """Return the tree, as `parse_filter` does, with these names alone."""
    return check(names, _words(names, words, 1))


def render_filter(tree: Filter) -> dict[str, JsonValue]:
    """Return the words of a tree, from which `parse_filter` makes the same tree again."""
    match tree:
        case And(parts):
            return {"and": [render_filter(part) for part in parts]}
        case Or(parts):
            return {"or": [render_filter(part) for part in parts]}
        case Not(part):
            return {"not": render_filter(part)}
        case Search(text, fields):
            return {"search": {"text": text, "fields": ["__".join(path) for path in fields]}}
        case Condition(path, operator, value):
            return {"__".join((*path, operator)): to_jsonable_python(value)}


def _words(names: Names, words: Any, depth: int) -> Filter:  # noqa: ANN401 - of a sender
    if not isinstance(words, Mapping) or not words:
        raise _refusal(names, "", f"expected fields and what is asked of them, as an object, got {words!r:.60}")
    if depth > MAX_DEPTH:
        raise _refusal(names, "", f"and, or and not stand more than {MAX_DEPTH} deep in one another")
    parts = tuple(_word(names, name, value, depth) for name, value in words.items())
    return parts[0] if len(parts) == 1 else And(parts)


def _word(names: Names, name: str, value: Any, depth: int) -> Filter:  # noqa: ANN401
    match name:
        case "and":
            return And(_parts(names, name, value, depth))
        case "or":
            return Or(_parts(names, name, value, depth))
        case "not":
            return Not(_words(names, value, depth + 1))
        case "search":
            return _search(names, value)
        case _:
            return _condition(names, name, value)


def _parts(names: Names, name: str, value: Any, depth: int) -> tuple[Filter, ...]:  # noqa: ANN401
    if not isinstance(value, list | tuple) or not value:
        raise _refusal(names, name, f"expected a list of filters that is not empty, got {value!r:.60}")
    return tuple(_words(names, part, depth + 1) for part in value)


def _condition(names: Names, name: str, value: Any) -> Condition:  # noqa: ANN401
    target, operator = resolve(names, name)
    if operator is None and target.column is None:
        within = ", ".join(f"{name}__{column}" for column in target.names.columns[:3])
        raise _refusal(names, name, f"is a relation; ask of one of its fields ({within} ...), or {name}__is_null")
    if operator is not None and operator not in set(Operator):
        raise UnknownName("operator", operator, tuple(known.value for known in Operator))
    return Condition(target.path, Operator(operator or Operator.EQ), value)


def _search(names: Names, value: Any) -> Search:  # noqa: ANN401
    given = {"text": value} if isinstance(value, str) else value
    if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
        raise _refusal(names, "search", f'expected a text, or {{"text": ..., "fields": [...]}}, got {value!r:.60}')
    for word in given:
        if word not in {"text", "fields"}:
            raise UnknownName("word of a search", word, ("text", "fields"))
    fields = given.get("fields") or []
    if not isinstance(fields, list | tuple) or not all(isinstance(one, str) for one in fields):
        raise _refusal(names, "search", f"fields: expected a list of names, got {fields!r:.60}")
    return Search(given["text"], tuple(resolve(names, one)[0].path for one in fields))


def _refusal(names: Names, field: str, reason: str) -> InvalidFilter:
    return InvalidFilter.of(names.entity.name, field, reason)
