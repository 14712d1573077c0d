"""Conditions as texts, such as a query string's or a command line's, as words of the filter language."""

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from pydantic import JsonValue

from domain.errors import InvalidFilter
from domain.filters.operators import Operator

TREE = "filter"
"""The name whose text is a whole filter as JSON."""

_LISTS = {Operator.IN, Operator.NOT_IN, Operator.BETWEEN, Operator.OVERLAP}
_WORDS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}


def words_of_texts(
    entity: str, parameters: Iterable[tuple[str, str]], *, reserved: AbstractSet[str] = frozenset()
) -> dict[str, JsonValue]:
    """Return the words of texts by name: `status__in=a,b`, `project__key=alpha`, `search=text`, `filter={...}`.

    Names that are `reserved` for something else are left out.

    A list is one text whose parts commas separate, or the name again and again, which allows for commas.
    Raises InvalidFilter for a `filter` that is no JSON object, and for two values where one is meant.
    """
    texts: dict[str, list[str]] = {}
    for name, text in parameters:
        texts.setdefault(name, []).append(text)
    found = {name: _value(entity, name, given) for name, given in texts.items() if name not in reserved | {TREE}}
    trees = [_tree(entity, text) for text in texts.get(TREE, [])]
    return {"and": [*([found] if found else []), *trees]} if trees else found


def _value(entity: str, name: str, texts: list[str]) -> JsonValue:
    operator = name.rpartition("__")[2]
    if operator in _LISTS:
        return [*(texts if len(texts) > 1 else texts[0].split(","))]
    if len(texts) > 1:
        raise InvalidFilter.of(entity, name, "is said twice; say __in for one of several values, or filter for both")
    (text,) = texts
    if operator == Operator.CONTAINS_JSON:
        found: JsonValue = _json(entity, name, text)
        return found
    if operator in {Operator.IS, Operator.IS_NOT, Operator.IS_NULL}:
        return _WORDS.get(text, text)
    return text


def _tree(entity: str, text: str) -> dict[str, Any]:
    found = _json(entity, TREE, text)
    if not isinstance(found, dict):
        raise InvalidFilter.of(entity, TREE, 'expected an object, such as {"or": [{"status": "done"}, ...]}')
    return found


def _json(entity: str, name: str, text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidFilter.of(entity, name, "is not JSON") from None
