"""Differences of rows: what is taken apart into steps is put together again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from domain.images import Change, Image, Step, advance, changes, replay
from tests.property.strategies import json_values

COLUMNS = ["id", "title", "tags", "deleted_at"]
ROWS = st.fixed_dictionaries({column: json_values() for column in COLUMNS})
LIVES = st.lists(ROWS, min_size=1, max_size=5)


def difference(old: Image, new: Image) -> Step:
    """Return the step from one row to another, as the audit log keeps it."""
    changed = [column for column in COLUMNS if old[column] != new[column]]
    return Step("update", {column: old[column] for column in changed}, {column: new[column] for column in changed})


def steps(life: list[dict[str, JsonValue]]) -> list[Step]:
    """Return the audited life of a row: its insert, then what changed."""
    return [Step("insert", None, life[0]), *(difference(*pair) for pair in pairwise(life))]


@given(LIVES)
def test_a_replayed_life_leads_to_the_last_row(life: list[dict[str, JsonValue]]) -> None:
    """And each part of it to the row of that time."""
    for length in range(1, len(life) + 1):
        assert replay(steps(life)[:length]) == life[length - 1]


@given(LIVES)
def test_a_purged_row_is_none(life: list[dict[str, JsonValue]]) -> None:
    """Whatever it was before; and a row of which nothing is told never was."""
    assert replay([*steps(life), Step("purge", life[-1], None)]) is None
    assert replay([]) is None


@given(ROWS, ROWS)
def test_changes_name_each_difference_once(old: dict[str, JsonValue], new: dict[str, JsonValue]) -> None:
    """Taken backwards they lead from the new row to the old one."""
    step = difference(old, new)
    found = changes(step)
    assert all(change.old != change.new for change in found)
    assert len({change.column for change in found}) == len(found)
    assert advance(old, step) == new
    assert {**new, **{change.column: change.old for change in found}} == old


@given(ROWS)
def test_an_insert_changes_every_column_from_nothing(row: dict[str, JsonValue]) -> None:
    """And a purge changes every column to nothing."""
    assert changes(Step("insert", None, row)) == [Change(column, None, row[column]) for column in row]
    assert changes(Step("purge", row, None)) == [Change(column, row[column], None) for column in row]
