"""Filters in words and as trees are two spellings of one thing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidFilter, UnknownName
from domain.filters import And, Condition, Filter, Not, Operator, Or, Search, checked, parse_filter, render_filter
from domain.filters.limits import MAX_DEPTH
from domain.filters.operators import RULES, Shape
from tests.property.strategies import TEXT, json_values
from tests.specimens import ENTITIES, Size

SPECIMEN = ENTITIES["specimen"]

_PIECES = TEXT.filter(bool)
_INTEGERS = st.integers(-(2**31), 2**31 - 1)
_MOMENTS = st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1))  # noqa: DTZ001 - the zone is beside it
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "key": TEXT,
    "count": _INTEGERS,
    "at": _MOMENTS,
    "amount": st.decimals(-1000, 1000, places=2),
    "code": st.uuids(),
    "size": st.sampled_from(Size),
    "extra": json_values(),
    "whole.count": _INTEGERS,
    "parts.whole.key": TEXT,
    "labels.key": TEXT,
}


def _values(operator: Operator, of_field: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return values of a shape that fits the operator; those that do not fit the field are left to the check."""
    return {
        Shape.VALUE: of_field,
        Shape.NULLABLE: st.none() | of_field,
        Shape.PAIR: st.tuples(of_field, of_field),
        Shape.VALUES: st.lists(st.none() | of_field, max_size=3).map(tuple),
        Shape.SINGULAR: st.none(),
        Shape.PATTERN: _PIECES,
        Shape.PIECE: _PIECES,
        Shape.WORDS: _PIECES,
        Shape.TRUTH: st.booleans(),
        Shape.KEY: _PIECES,
        Shape.JSON: json_values(),
        Shape.ITEMS: st.lists(TEXT | _INTEGERS | st.booleans(), min_size=1, max_size=3).map(tuple),
    }[RULES[operator].shape]


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Return a condition of a field, perhaps one that its field does not take."""
    name = draw(st.sampled_from(sorted(_FIELDS)))
    operator = draw(st.sampled_from(Operator))
    return Condition(tuple(name.split(".")), operator, draw(_values(operator, _FIELDS[name])))


_SEARCHES = st.builds(
    Search, TEXT.filter(lambda text: bool(text.split())), st.just(()) | st.just((("key",), ("labels", "key")))
)


def _joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, inner)


TREES = st.recursive(conditions() | _SEARCHES, _joined, max_leaves=8)


@given(TREES)
def test_what_is_rendered_is_parsed_as_the_same_tree(tree: Filter) -> None:
    """Of every tree that the check lets pass; a cursor or a command may keep it in words."""
    try:
        known = checked(ENTITIES, SPECIMEN, tree)
    except InvalidFilter:
        return
    assert parse_filter(ENTITIES, SPECIMEN, render_filter(known)) == known


_NAMES = st.sampled_from(["key", "count__gt", "whole__key", "and", "or", "not", "search", "tags__overlap", "x", ""])


@given(
    st.dictionaries(_NAMES, json_values() | st.lists(st.dictionaries(_NAMES, json_values(), max_size=2)), max_size=3)
)
def test_whatever_is_sent_is_a_tree_or_refused(words: dict[str, Any]) -> None:
    """A sender's mistake is never a failure of the program."""
    try:
        tree = parse_filter(ENTITIES, SPECIMEN, words)
    except (InvalidFilter, UnknownName) as refusal:
        assert str(refusal)  # noqa: PT017 - that it is one of the two is the point
    else:
        assert checked(ENTITIES, SPECIMEN, tree) == tree


def test_a_tree_too_deep_for_the_interpreter_is_refused() -> None:
    """The bound holds before recursion does harm."""
    words: dict[str, Any] = {"count": 1}
    for _ in range(100 * MAX_DEPTH):
        words = {"and": [words]}
    with pytest.raises(InvalidFilter, match="deep in one another"):
        parse_filter(ENTITIES, SPECIMEN, words)
