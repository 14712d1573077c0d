"""Every operator of filters, with the rows that it lets through: the same on every database."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.filters import Filter, Operator, field, parse_filter
from persistence.database import Database
from persistence.dialects import Dialect
from persistence.filters import filter_clause
from tests.specimens import ENTITIES, plant_specimens

SPECIMEN = ENTITIES["specimen"]
Words = dict[str, Any]

OPERATORS: list[tuple[Words, str]] = [
    ({"key": "a"}, "a"),
    ({"key__eq": "A"}, ""),
    ({"note": "Zebra "}, ""),
    ({"note": None}, "c"),
    ({"count": 1}, "a"),
    ({"amount": "1.5"}, "a"),
    ({"amount": "1.504"}, ""),
    ({"amount__in": ["1.504", "1.5"]}, "a"),
    ({"amount__lt": "1e300"}, "ab"),
    ({"share": 0.25}, "b"),
    ({"open": False}, "b"),
    ({"day": "2024-02-29"}, "b"),
    ({"at": "2024-01-01T01:00:00+01:00"}, "a"),
    ({"code": "00000000-0000-0000-0000-000000000002"}, "b"),
    ({"size": "small"}, "a"),
    ({"extra": {"b": {"d": "e", "c": [1, 2]}, "a": 1.0}}, "a"),
    ({"extra": "a"}, "e"),
    ({"extra": None}, "c"),
    ({"tags": ["y", "x"]}, ""),
    ({"tags": [1, True, "it's", "ü"]}, "d"),
    ({"tags__overlap": ["ü"]}, "d"),
    ({"tags__contains_json": ["ü"]}, "d"),
    ({"key__ne": "a"}, "bcde"),
    ({"count__ne": 1}, "bcde"),
    ({"count__ne": None}, "abde"),
    ({"size__ne": "small"}, "bcde"),
    ({"extra__ne": "a"}, "abcd"),
    ({"extra__ne": None}, "abde"),
    ({"count__gt": 1}, "bd"),
    ({"note__gt": "Zebra"}, "b"),
    ({"share__gt": 0.3}, "a"),
    ({"code__gt": "00000000-0000-0000-0000-000000000001"}, "b"),
    ({"count__ge": 2}, "bd"),
    ({"count__gte": 2}, "bd"),
    ({"amount__gte": "2.25"}, "b"),
    ({"day__lt": "2024-02-29"}, "a"),
    ({"count__lt": 1}, "e"),
    ({"count__le": 1}, "ae"),
    ({"count__lte": 1}, "ae"),
    ({"at__le": "2024-02-29T12:30:00.000004Z"}, "a"),
    ({"at__le": "2024-02-29T12:30:00.000005Z"}, "ab"),
    ({"count__between": [1, 2]}, "ab"),
    ({"at__between": ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]}, "a"),
    ({"key__in": ["a", "c", "z"]}, "ac"),
    ({"count__in": [1, None]}, "ac"),
    ({"count__in": []}, ""),
    ({"size__in": ["small", "large"]}, "ab"),
    ({"code__in": ["00000000-0000-0000-0000-000000000001"]}, "a"),
    ({"at__in": ["2024-01-01T00:00:00Z"]}, "a"),
    ({"extra__in": ["a", {"a": 2, "b": {"c": [2, 3]}}]}, "be"),
    ({"count__not_in": [1, 2]}, "cde"),
    ({"count__not_in": [1, None]}, "bde"),
    ({"open__is": True}, "a"),
    ({"open__is": False}, "b"),
    ({"open__is": None}, "cde"),
    ({"open__is_not": True}, "bcde"),
    ({"open__is_not": None}, "ab"),
    ({"note__like": "Alpha%"}, "a"),
    ({"note__like": "_lpha%"}, "ab"),
    ({"note__like": r"%50\%\_off"}, "b"),
    ({"note__like": r"%r\\50%"}, "d"),
    ({"note__not_like": "Alpha%"}, "bcde"),
    ({"note__ilike": "ALPHA%"}, "ab"),
    ({"note__not_ilike": "alpha%"}, "cde"),
    ({"note__startswith": "alpha"}, "b"),
    ({"note__startswith": "_lpha"}, ""),
    ({"note__istartswith": "aLPHA"}, "ab"),
    ({"note__istartswith": "%"}, ""),
    ({"note__endswith": "one"}, "a"),
    ({"note__endswith": "0%_off"}, "b"),
    ({"note__endswith": "50%off"}, ""),
    ({"note__iendswith": "OFF"}, "bd"),
    ({"note__iendswith": "__OFF"}, ""),
    ({"note__contains": "TWO"}, "b"),
    ({"note__contains": "50%"}, "b"),
    ({"note__contains": "r\\5"}, "d"),
    ({"note__contains": "/"}, ""),
    ({"note__icontains": "two"}, "b"),
    ({"note__icontains": "BÜCH"}, "d"),
    ({"note__icontains": "L%A"}, ""),
    ({"note__match": "ONE alpha"}, "a"),
    ({"note__match": "alph"}, ""),
    ({"note__match": "two"}, "b"),
    ({"note__match": "bücher"}, "d"),
    ({"note__match": "cher"}, ""),
    ({"note__is_null": True}, "c"),
    ({"note__is_null": False}, "abde"),
    ({"extra__is_null": True}, "c"),
    ({"extra__has_key": "a"}, "ab"),
    ({"extra__has_key": "d"}, ""),
    ({"extra__contains_json": {"b": {"c": [2]}}}, "ab"),
    ({"extra__contains_json": {"b": {"d": "e"}}}, "a"),
    ({"extra__contains_json": {"a": True}}, ""),
    ({"extra__contains_json": "a"}, "de"),
    ({"extra__contains_json": ["a"]}, "d"),
    ({"tags__contains_json": ["y", "x"]}, "a"),
    ({"tags__contains_json": ["z"]}, ""),
    ({"tags__overlap": ["x", "Z"]}, "ab"),
    ({"tags__overlap": [True]}, "d"),
    ({"tags__overlap": ["1", "it's"]}, "d"),
    ({"extra__overlap": ["a"]}, "d"),
]

TREES: list[tuple[Words, str]] = [
    ({"count": 1, "note__startswith": "B"}, ""),
    ({"or": [{"count": 1}, {"note__startswith": "B"}]}, "ad"),
    ({"and": [{"count__gt": 0}, {"count__lt": 5}]}, "ab"),
    ({"not": {"count": 1}}, "bcde"),
    ({"not": {"note__contains": "alpha"}}, "acde"),
    ({"not": {"or": [{"count__gt": 1}, {"open": True}]}}, "ce"),
    ({"not": {"not": {"count": 1}}}, "a"),
    ({"not": {"extra__has_key": "a"}}, "cde"),
    ({"search": "ALPHA o"}, "ab"),
    ({"search": {"text": "a", "fields": ["key"]}}, "a"),
    ({"search": {"text": "red a", "fields": ["key", "labels.key"]}}, "a"),
    ({"search": "50%"}, "b"),
]

RELATED: list[tuple[Words, str]] = [
    ({"whole__key": "a"}, "bc"),
    ({"whole.key": "a"}, "bc"),
    ({"whole.key": "gone"}, ""),
    ({"whole__key": None}, "ae"),
    ({"whole__key__ne": "a"}, "ade"),
    ({"whole__key__not_in": ["a", "c"]}, "ae"),
    ({"whole__note__is_null": True}, "ade"),
    ({"whole__note__is_null": False}, "bc"),
    ({"whole__is_null": True}, "ae"),
    ({"whole__is_null": False}, "bcd"),
    ({"whole__whole__key": "a"}, "d"),
    ({"whole__whole__key__ne": "a"}, "abce"),
    ({"parts__count__gt": 1}, "ac"),
    ({"parts__count__ne": 2}, "ac"),
    ({"parts__count": None}, "a"),
    ({"not": {"parts__count": 2}}, "bcde"),
    ({"parts__is_null": True}, "bde"),
    ({"parts__is_null": False}, "ac"),
    ({"parts__parts__key": "d"}, "a"),
    ({"parts__whole__key__ne": "c"}, "a"),
    ({"whole__parts__key": "b"}, "bc"),
    ({"labels__key": "blue"}, "ab"),
    ({"labels__key": "old"}, ""),
    ({"labels__key__ne": "blue"}, "a"),
    ({"labels__is_null": True}, "cde"),
    ({"parts.labels.key": "blue"}, "a"),
    ({"rival.key": "b"}, "c"),
    ({"rival": 2}, "c"),
    ({"rival__in": [2]}, "c"),
    ({"rival.key": None}, "abde"),
    ({"or": [{"whole__note__icontains": "ALPHA"}, {"labels__key__in": ["red"]}]}, "abc"),
]


async def found(database: Database, tree: Filter, *, include_deleted: bool = False) -> str:
    """Return the keys of the specimens that a filter lets through, in one text; deleted ones are left out."""
    table = SPECIMEN.table
    dialect = Dialect(database.engine.dialect.name)
    clause = filter_clause(ENTITIES, SPECIMEN, tree, dialect, include_deleted=include_deleted)
    async with database.engine.connect() as connection:
        rows = await connection.execute(
            select(table.c.key).where(table.c.deleted_at.is_(None), clause).order_by(table.c.id)
        )
        return "".join(rows.scalars())


@pytest.mark.on_every_engine
async def test_every_operator_lets_the_same_rows_through_on_every_database(
    database: Database, subtests: pytest.Subtests
) -> None:
    """Of every kind of column, with nulls, cases, wildcards and letters beyond ASCII; also trees and relations."""
    await plant_specimens(database.engine)
    for words, expected in OPERATORS + TREES + RELATED:
        with subtests.test(str(words)):
            assert await found(database, parse_filter(ENTITIES, SPECIMEN, words)) == expected


@pytest.mark.on_every_engine
async def test_not_is_the_exact_complement_of_every_condition(database: Database, subtests: pytest.Subtests) -> None:
    """What a filter leaves out its negation lets through: no row falls between them for the sake of a null."""
    await plant_specimens(database.engine)
    for words, expected in OPERATORS + TREES + RELATED:
        with subtests.test(str(words)):
            tree = ~parse_filter(ENTITIES, SPECIMEN, words)
            assert await found(database, tree) == "".join(key for key in "abcde" if key not in expected)


def test_every_operator_has_its_row() -> None:
    """An operator that is added must be added to the table above."""
    shown = {name.rpartition("__")[2] for words, _ in OPERATORS for name in words}
    assert shown >= {operator.value for operator in Operator}


@pytest.mark.on_every_engine
async def test_typed_objects_mean_what_the_words_mean(database: Database) -> None:
    """One language in two spellings; deleted related rows count where the caller says so."""
    await plant_specimens(database.engine)
    tree = (field("count").between(1, 2) | field("whole.key").startswith("c")) & ~field("open").is_(value=False)
    assert await found(database, tree) == "ad"
    gone = field("whole.key").eq("gone")
    assert (await found(database, gone), await found(database, gone, include_deleted=True)) == ("", "e")
