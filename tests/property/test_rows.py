"""Rows as senders may write them, good or bad: each is kept or refused, and nothing else happens."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from domain import task_manager
from domain.commands import Row
from domain.entities import collect
from domain.rows import check_rows
from tests.property.strategies import ANY_TEXT, TEXT, json_values

ENTITIES = collect([task_manager])
TASK = ENTITIES["task"]
NAMES = st.sampled_from([*TASK.create.model_fields, *(f"{n}.key" for n in TASK.references), "id", "titel", "project.x"])
WILD = st.dictionaries(NAMES | ANY_TEXT, json_values(ANY_TEXT), max_size=6)
GOOD = st.fixed_dictionaries(
    {"key": TEXT.filter(bool), "title": TEXT.filter(bool), "project.key": TEXT.filter(bool)},
    optional={
        "description": st.none() | TEXT,
        "status": st.sampled_from(["pending", "doing", "blocked", "done"]),
        "tags": st.lists(json_values(), max_size=3),
        "assignee_id": st.none() | st.integers(1, 2**63 - 1),
        "parent.key": st.none() | TEXT.filter(bool),
    },
)


@given(st.lists(st.one_of(WILD, GOOD), max_size=5), st.booleans())
def test_every_row_is_kept_or_refused(rows: list[Row], changes: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever a row holds, it is told by its number on one of the two sides, and on one only."""
    checked = check_rows(ENTITIES, TASK, rows, changes=changes)
    kept = [row.number for row in checked.rows]
    refused = {problem.row for problem in checked.refused}
    assert sorted([*kept, *refused]) == list(range(len(rows)))  # type: ignore[type-var]
    assert all(problem.message for problem in checked.refused)


@given(GOOD)
def test_a_good_row_is_kept_as_it_was_said(row: dict[str, JsonValue]) -> None:
    """Its values come out as they went in, with defaults for the rest; references by key are set apart."""
    (checked,) = check_rows(ENTITIES, TASK, [row]).rows
    said = {name: value for name, value in row.items() if "." not in name}
    assert {name: checked.values[name] for name in said} == said
    assert set(checked.values) == set(TASK.create.model_fields)
    by_key = {f"{name.removesuffix('_id')}.key": key for name, key in checked.references.items()}
    assert by_key == {name: value for name, value in row.items() if "." in name and value is not None}


@given(st.sets(st.sampled_from(["title", "description", "tags"]), min_size=1))
def test_a_change_set_holds_what_was_said_and_nothing_else(names: set[str]) -> None:
    """Unset is not null, and not the default either."""
    values: Row = {"title": "New", "description": None, "tags": []}
    said = {name: values[name] for name in names}
    (checked,) = check_rows(ENTITIES, TASK, [said], changes=True).rows
    assert checked.values == said
