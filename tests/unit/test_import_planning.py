"""Which field takes which column, and what is wrong with a plan before the first row is read."""

from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, JsonValue

from domain import task_manager
from domain.entities import collect
from domain.errors import UnknownName
from domain.source import Format, Source
from domain.task import TaskStatus
from worker.bulk.errors import MissingFields, NoJson, NothingTaken
from worker.bulk.mapping import Mapped
from worker.bulk.planning import Rows, mapped, takes_json

ENTITIES = collect([task_manager])
MAPS = {"key": "id", "title": "name", "project.key": "area"}


def planned(
    header: list[str] | None,
    maps: dict[str, str] | None = None,
    sets: dict[str, str] | None = None,
    entity: str = "task",
    **more: Any,  # noqa: ANN401 - what rows are for
) -> Mapped:
    """Return the mapping for a source of rows of an entity."""
    source = Source(format=Format.CSV, map=maps or {}, set=sets or {})
    return mapped(Rows(ENTITIES, ENTITIES[entity], **more), source, header)


def row(plan: Mapped, record: Sequence[str] | dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the row of one record, which can be read."""
    (found,), faults = plan.rows([record])
    assert faults == []
    return found


def test_fields_take_the_columns_that_they_are_mapped_to() -> None:
    """One column may serve two fields; other columns are left alone."""
    plan = planned(["id", "name", "area", "more"], {**MAPS, "description": "name"})
    assert row(plan, ["t1", "Sow", "garden", "x"]) == {
        "key": "t1",
        "title": "Sow",
        "project.key": "garden",
        "description": "Sow",
    }
    assert plan.notes() == []


def test_without_a_mapping_columns_named_as_fields_are_taken() -> None:
    """References by key are fields too; the columns that nobody took are noted."""
    plan = planned(["key", "title", "project.key", "colour"])
    assert row(plan, ["t1", "Sow", "garden", "red"]) == {"key": "t1", "title": "Sow", "project.key": "garden"}
    assert plan.notes() == ["no field took the column 'colour'"]


def test_an_empty_cell_is_not_given_and_a_set_value_stands_in() -> None:
    """`--set` fills what the file leaves open, and nothing else."""
    plan = planned(["id", "name", "area"], MAPS, {"title": "(untitled)", "status": "done", "tags": '["a"]'})
    filled = {"title": "(untitled)", "status": "done", "tags": ["a"], "project.key": "garden"}
    assert row(plan, ["t1", "", "garden"]) == {**filled, "key": "t1"}
    assert row(plan, ["t2", "Sow", "garden"]) == {**filled, "key": "t2", "title": "Sow"}


def test_cells_of_lists_are_json_and_other_cells_stay_text() -> None:
    """A title that looks like JSON is a title."""
    plan = planned(["id", "name", "area", "tags"], {**MAPS, "tags": "tags"})
    assert row(plan, ["1", "[1]", "g", '["a", {"b": null}]']) == {
        "key": "1",
        "title": "[1]",
        "project.key": "g",
        "tags": ["a", {"b": None}],
    }
    _, faults = plan.rows([["1", "x", "g", "[]"], ["2", "x", "g", "a;b"]])
    assert faults == [(1, "tags", "column 'tags' is not JSON: Expecting value at character 1")]


def test_ndjson_keeps_its_types_and_may_lack_a_column() -> None:
    """Text is never parsed, null and the empty text are said; a column that no record has is noted."""
    plan = planned(None, {**MAPS, "tags": "labels", "description": "text"})
    values: dict[str, JsonValue] = {"id": "1", "name": "", "area": None, "labels": "[]"}
    assert row(plan, values) == {"key": "1", "title": "", "project.key": None, "tags": "[]"}
    assert plan.notes() == ["no record has 'text'"]


def test_ndjson_without_a_mapping_takes_names_record_by_record() -> None:
    """Names that are no fields are noted, the first 20 of them."""
    plan = planned(None, sets={"project.key": "garden"})
    assert row(plan, {"key": "t1", "titel": "Sow"}) == {"project.key": "garden", "key": "t1"}
    for number in range(50):
        plan.rows([{f"x{number}": number}])
    (note,) = plan.notes()
    assert note.startswith("no field took the column 'titel', 'x0', ")
    assert note.endswith("'x18' and perhaps more")


@pytest.mark.parametrize(
    ("maps", "sets", "message"),
    [
        ({"titel": "name"}, {}, "unknown field 'titel'; did you mean 'title'?"),
        ({}, {"statu": "done"}, "unknown field 'statu'; did you mean 'status'?"),
        ({"project.kee": "area"}, {}, "unknown field 'project.kee'; did you mean 'project.key'?"),
        ({**MAPS, "title": "nam"}, {}, "unknown column 'nam'; did you mean 'name'?"),
        ({"id": "id"}, {}, "unknown field 'id'; known: assignee.key, assignee_id"),
    ],
)
def test_an_unknown_field_or_column_is_refused_with_the_nearest(
    maps: dict[str, str], sets: dict[str, str], message: str
) -> None:
    """Before anything is read or sent."""
    with pytest.raises(UnknownName) as caught:
        planned(["id", "name", "area"], maps, sets)
    assert str(caught.value).startswith(message)


def test_a_field_that_every_row_needs_must_come_from_somewhere() -> None:
    """Otherwise every row would be refused; a reference by key is as good as an id."""
    with pytest.raises(MissingFields, match=r"every task needs 'title', 'project\.key'; say --map title=COLUMN"):
        planned(["id"], {"key": "id"})
    assert planned(["id"], {"key": "id", "project_id": "id"}, {"title": "x"}).given() == {"key", "project_id", "title"}


def test_an_update_needs_what_names_the_row_and_nothing_else() -> None:
    """Columns that a change leaves out stay as they are."""
    assert planned(["id", "title"], entity="task", changes=True, named_by="id").columns == {
        "id": "id",
        "title": "title",
    }
    with pytest.raises(MissingFields, match="every task needs 'key'"):
        planned(["title"], changes=True, named_by="key")


def test_the_fields_of_a_parent_are_fields_of_its_rows() -> None:
    """Those that a new one needs have to come from somewhere, as soon as its key does."""
    parents = {"project": ["name"], "assignee": ["name", "email"]}
    header = ["key", "title", "project.key", "project.name", "assignee.email"]
    assert set(planned(header, parents=parents).columns or ()) == set(header)
    with pytest.raises(MissingFields, match=r"every task needs 'project\.name'; say --map project\.name=COLUMN"):
        planned(["key", "title", "project.key"], parents=parents)


def test_columns_of_a_corrected_file_are_passed_over_in_silence() -> None:
    """Those that `counterfoil rejects --csv` has put in front."""
    plan = planned(["rejected_line", "rejected_reason", "key", "title", "project.key"])
    assert set(row(plan, ["7", "odd", "t1", "Sow", "garden"])) == {"key", "title", "project.key"}
    assert plan.notes() == []


def test_a_file_without_any_field_is_refused() -> None:
    """Its columns and the fields are named."""
    with pytest.raises(
        NothingTaken, match=r"no column \('a', 'b'\) is named as a field of member \(key, name, email\)"
    ):
        planned(["a", "b"], entity="member")


def test_a_set_value_of_a_list_must_be_json() -> None:
    """As in a cell."""
    with pytest.raises(NoJson, match="set tags='a': expected JSON"):
        planned(["id", "name", "area"], MAPS, {"tags": "a"})


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (list[JsonValue], True),
        (dict[str, int] | None, True),
        (Annotated[set[int], "x"], True),
        (BaseModel, True),
        (list[str] | str, False),
        (str | None, False),
        (TaskStatus, False),
        (int, False),
        (JsonValue, False),
        (Any, False),
    ],
)
def test_only_fields_of_lists_and_objects_take_json(annotation: object, expected: bool) -> None:  # noqa: FBT001
    """A field that may hold text keeps its cells as they are."""
    assert takes_json(annotation) is expected
