"""Filters that make no sense are refused with what was expected; none is ever ignored."""

from typing import Any

import pytest

from domain.errors import InvalidFilter, UnknownName
from domain.filters import And, Condition, Filter, Operator, checked, field, parse_filter, search
from domain.filters.kinds import Kind, kind_of
from domain.filters.limits import MAX_CONDITIONS, MAX_DEPTH, MAX_ITEMS, MAX_TEXT, MAX_VALUES
from domain.filters.operators import RULES
from tests.specimens import ENTITIES

SPECIMEN = ENTITIES["specimen"]


def nested(depth: int) -> dict[str, Any]:
    """Return a filter within so many negations."""
    words: dict[str, Any] = {"count": 1}
    for _ in range(depth):
        words = {"not": words}
    return words


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"cuont": 1}, "unknown field 'cuont'; did you mean 'count'?"),
    ({"cuont__gt": 1}, "unknown field 'cuont'; did you mean 'count'?"),
    ({"count__gtt": 1}, "unknown operator 'gtt'; did you mean 'gt'?"),
    ({"count__": 1}, "unknown operator ''; known: "),
    ({"count__eq__eq": 1}, "unknown operator 'eq__eq'"),
    ({"whole__kye": "a"}, "unknown field 'whole__kye'; did you mean 'whole__key'?"),
    ({"whole.kye": "a"}, "unknown field 'whole.kye'; did you mean 'whole.key'?"),
    ({"whlole__key": "a"}, "unknown field 'whlole__key'; did you mean 'whole__key'?"),
    ({"whole__parts__kye__in": ["a"]}, "unknown field 'whole__parts__kye'; did you mean 'whole__parts__key'?"),
    ({"key.eq": "a"}, "unknown field 'key.eq'"),
    ({"": "a"}, "unknown field ''"),
    ({"or": [{"key": "a"}, {"kye": "b"}]}, "unknown field 'kye'"),
    ({"search": {"text": "a", "in": ["key"]}}, "unknown word of a search 'in'; known: fields, text"),
    ({"search": {"text": "a", "fields": ["kye"]}}, "unknown field 'kye'"),
    ({"AND": []}, "unknown field 'AND'"),
]

INVALID: list[tuple[Any, str]] = [
    ({}, "expected fields and what is asked of them, as an object, got {}"),
    ([], "expected fields and what is asked of them, as an object, got []"),
    ({"and": []}, "and: expected a list of filters that is not empty, got []"),
    ({"or": {"key": "a"}}, "or: expected a list of filters"),
    ({"or": [{"key": "a"}, {}]}, "expected fields"),
    ({"not": []}, "expected fields"),
    ({"search": " "}, "search: a search needs at least one word"),
    ({"search": 1}, "search: expected a text"),
    ({"search": {"text": "a", "fields": "key"}}, "search: fields: expected a list of names, got 'key'"),
    ({"search": {"text": "a", "fields": ["count"]}}, "count: icontains does not go with number fields"),
    ({"whole": 1}, "whole: is a relation; ask of one of its fields (whole__id"),
    ({"whole__is_null": 1}, "whole: expected true or false, got 1"),
    ({"whole__whole__whole__whole__whole__whole__key": "a"}, "leads through more than 5 relations"),
    ({"count": "many"}, "count: Input should be a valid integer, unable to parse string as an integer (eq got 'many')"),
    ({"count": True}, "count: Input should be a number, not true or false"),
    ({"count__in": 1}, "count: expected a list of values of the field, got 1"),
    ({"key__in": "abc"}, "key: expected a list of values of the field, got 'abc'"),
    ({"count__not_in": []}, "count: an empty list excludes nothing; leave the condition out"),
    ({"count__gt": None}, "count: expected a value of the field, got None"),
    ({"count__between": [1]}, "count: expected a list of two values of the field, the lower one first, got [1]"),
    ({"count__between": [2, 1]}, "the lower one first, got [2, 1]"),
    ({"count__between": [1, None]}, "count: expected a value of the field, got None"),
    ({"count__like": "1%"}, "count: like does not go with number fields, which take eq, ne, gt,"),
    ({"size__gt": "small"}, "size: gt does not go with choice fields"),
    ({"size": "medium"}, "size: Input should be 'small' or 'large'"),
    ({"extra__gt": 1}, "extra: gt does not go with JSON fields"),
    ({"key__has_key": "a"}, "key: has_key does not go with text fields"),
    ({"at": "2024-01-01T00:00:00"}, "at: Input should have timezone info"),
    ({"count__is": 1}, "count: expected null, true or false, got 1"),
    ({"count__is_null": "no"}, "count: expected true or false, got 'no'"),
    ({"key__startswith": ""}, "key: expected a text that is not empty, got ''"),
    ({"key__contains": 1}, "key: expected a text that is not empty, got 1"),
    ({"key__like": "a\\"}, "ends with a backslash that escapes nothing; write two for one"),
    ({"key__match": "%-"}, "key: expected a text with at least one word, got '%-'"),
    ({"key": "a\0"}, "key: holds a NUL character"),
    ({"extra__contains_json": {}}, "extra: expected a list or an object that is not empty"),
    ({"extra__contains_json": None}, "extra: expected a list or an object that is not empty"),
    ({"tags__overlap": []}, "tags: expected a list of texts, numbers, true or false that is not empty, got []"),
    ({"tags__overlap": [["a"]]}, "tags: expected a list of texts"),
    ({"share": float("nan")}, "share: nan is out of the range of every database"),
    ({"share__in": [1, "-inf"]}, "share: '-inf' is out of the range"),
    ({"amount__between": ["1e301", "1e302"]}, "amount: '1e301' is out of the range"),
    ({"at__gt": "9999-12-31T23:59:59-01:00"}, "at: 9999-12-31T23:59:59-01:00 is outside the years 1 to 9999"),
    ({"extra__contains_json": {"a": float("inf")}}, "extra: {'a': inf} is no JSON"),
    ({"extra": [float("nan")]}, "extra: [nan] is no JSON"),
    ({"tags__overlap": [float("nan")]}, "tags: [nan] is no JSON"),
    (nested(MAX_DEPTH), "and, or and not stand more than 10 deep"),
    ({"or": [{"count": n} for n in range(MAX_CONDITIONS + 1)]}, "more than 200 conditions"),
    ({"search": "a " * (MAX_CONDITIONS // 2 + 1)}, "more than 200 conditions"),
    ({"count__in": list(range(MAX_VALUES + 1))}, "10001 values, at most 10000"),
    ({"tags__overlap": list(range(MAX_ITEMS + 1))}, "101 values, at most 100"),
    ({"key__contains": "a" * (MAX_TEXT + 1)}, "1001 characters, at most 1000"),
]


@pytest.mark.parametrize(("words", "message"), UNKNOWN, ids=str)
def test_an_unknown_name_is_refused_with_the_nearest_one(words: dict[str, Any], message: str) -> None:
    """A misspelt name that is ignored would let every row through: a delete would then take the whole table."""
    with pytest.raises(UnknownName) as refused:
        parse_filter(ENTITIES, SPECIMEN, words)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(("words", "message"), INVALID, ids=lambda value: str(value)[:60])
def test_a_value_that_does_not_fit_is_refused_with_what_was_expected(words: Any, message: str) -> None:  # noqa: ANN401
    """The wrong type, the wrong shape, what asks nothing, and what is too much."""
    with pytest.raises(InvalidFilter) as refused:
        parse_filter(ENTITIES, SPECIMEN, words)
    assert message in str(refused.value)
    assert refused.value.entity == "specimen"


TYPED: list[tuple[Filter, type[Exception], str]] = [
    (field("cuont").gt(1), UnknownName, "did you mean 'count'?"),
    (field("count").gt("many"), InvalidFilter, "valid integer"),
    (field("count__gt").gt(1), InvalidFilter, "'gt' in the path"),
    (search("a", "kye"), UnknownName, "did you mean 'key'?"),
    (And(()), InvalidFilter, "says nothing"),
    (~And((field("count").eq(1), And(()))), InvalidFilter, "says nothing"),
]


@pytest.mark.parametrize(("tree", "error", "message"), TYPED, ids=lambda value: str(value)[:60])
def test_typed_objects_are_checked_as_words_are(tree: Filter, error: type[Exception], message: str) -> None:
    """Whichever way a filter was made, it is checked where it is used."""
    with pytest.raises(error, match=message):
        checked(ENTITIES, SPECIMEN, tree)


def test_every_operator_has_a_rule_and_a_method() -> None:
    """The enumeration, the rules and the typed objects name the same operators."""
    own = {"in": "in_", "is": "is_"}
    assert set(RULES) == set(Operator)
    assert all(callable(getattr(field("key"), own.get(operator, operator))) for operator in Operator)


def test_a_checked_tree_comes_back_as_it_is() -> None:
    """Values stay in the types of their fields, and second spellings are gone."""
    tree = parse_filter(ENTITIES, SPECIMEN, {"day__gte": "2024-01-01", "search": "a b"})
    assert checked(ENTITIES, SPECIMEN, tree) == tree
    assert isinstance(tree, And)
    first = tree.parts[0]
    assert isinstance(first, Condition)
    assert (first.operator, first.value.year) == (Operator.GE, 2024)


def test_every_kind_of_column_is_told_apart() -> None:
    """The specimen has a column of each kind but arrays, which PostgreSQL alone has."""
    found = {kind_of(column.type) for column in SPECIMEN.table.columns}
    assert found == set(Kind) - {Kind.RELATION, Kind.ARRAY, Kind.OTHER}
