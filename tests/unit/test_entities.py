"""Which entities there are, and how they refer to one another."""

from datetime import datetime
from types import ModuleType
from typing import cast

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, Table

from domain import task, task_manager
from domain.entities import Entities, Reference, collect
from domain.entity import Entity, Schema, partial
from domain.errors import InvalidRows, UnknownName
from domain.rows import dotted_names, field_value, key_value, reference_named
from tests.oddities import Note, Order

ENTITIES = collect([task_manager])


def test_entities_are_the_tables_that_a_module_holds() -> None:
    """Bases, schemas and enumerations beside them do not count, and a table held twice counts once."""
    assert list(collect([task_manager])) == ["member", "project", "task"]
    assert set(collect([task, task_manager])) == {"member", "project", "task"}
    assert len(collect([ModuleType("empty")])) == 0


def test_an_unknown_entity_is_refused_with_the_nearest() -> None:
    """Looking one up never returns nothing."""
    assert "taks" not in ENTITIES
    with pytest.raises(UnknownName, match="unknown entity 'taks'; did you mean 'task'"):
        ENTITIES["taks"]


@pytest.mark.parametrize("rule", [{"ondelete": "CASCADE"}, {"ondelete": "SET NULL"}, {"onupdate": "CASCADE"}])
def test_a_foreign_key_by_which_the_database_writes_is_refused(rule: dict[str, str]) -> None:
    """No audit row would tell of what it deletes or empties."""
    keyed = Table("keyed", MetaData(), Column("task_id", ForeignKey("task.id", **rule)))  # type: ignore[arg-type]
    model = type("Keyed", (), {"__tablename__": "keyed", "__table__": keyed})
    with pytest.raises(TypeError, match=r"keyed.task_id: ON \w+ (CASCADE|SET NULL) would write rows without"):
        Entities([cast("type[Entity]", model)])


def test_references_are_named_without_id() -> None:
    """A foreign key is named after its column; the ones along which deletions cascade are the owners."""
    found = ENTITIES["task"].references
    assert found["project"] == Reference("project", "project_id", "project")
    assert set(found) == {"project", "assignee", "creator", "parent"}
    assert [owner.name for owner in ENTITIES["task"].owners] == ["project", "parent"]
    assert [(entity.name, owner.name) for entity, owner in ENTITIES.owned_by("project")] == [("task", "project")]
    assert [(entity.name, owner.name) for entity, owner in ENTITIES.owned_by("task")] == [("task", "parent")]
    assert ENTITIES.owned_by("member") == []


def test_a_dotted_name_means_a_reference_by_natural_key() -> None:
    """Only the natural key of the related entity may stand after the dot."""
    entity = ENTITIES["task"]
    assert reference_named(ENTITIES, entity, "assignee.key") == entity.references["assignee"]
    for name in ("assignee.name", "assignee.", "assignee", "nobody.key", "title.key"):
        assert reference_named(ENTITIES, entity, name) is None
    assert dotted_names(ENTITIES, entity) == ["project.key", "assignee.key", "creator.key", "parent.key"]


def test_a_reference_to_an_entity_that_is_not_served_has_no_name() -> None:
    """A note without the orders can be referred by id only."""
    notes = Entities([Note])
    assert dotted_names(notes, notes["Note"]) == []
    assert reference_named(notes, notes["Note"], "order.number") is None


def test_keys_and_values_take_the_type_of_their_column() -> None:
    """As text in JSON, a number is the number; what cannot be one is refused."""
    orders = Entities([Order, Note])
    assert key_value(orders["order"], "7") == 7
    assert field_value(orders["order"], "open", value=False) is False
    with pytest.raises(InvalidRows, match="number: Input should be a valid integer"):
        key_value(orders["order"], "seven")
    with pytest.raises(InvalidRows, match="number: Input should be a number, not true or false"):
        field_value(orders["order"], "number", value=True)
    with pytest.raises(InvalidRows, match="Note has no natural key"):
        key_value(orders["Note"], "x")


def test_an_update_schema_makes_every_field_optional_and_forgets_defaults() -> None:
    """What is left out stays unset; limits and types remain."""

    class NewThing(Schema):
        name: str
        size: int = 3

    changes = partial(NewThing, "ThingChanges")
    assert changes.__name__ == "ThingChanges"
    assert changes.model_validate({}).model_dump(exclude_unset=True) == {}
    assert changes.model_validate({"size": 5}).model_dump(exclude_unset=True) == {"size": 5}
    with pytest.raises(ValueError, match="valid integer"):
        changes.model_validate({"size": "big"})


def test_a_schema_with_times_without_zones_cannot_be_made() -> None:
    """The mistake is told where it is made, not by a row that is an hour off."""
    with pytest.raises(TypeError, match=r"NewMeeting\.starts: use AwareDatetime"):
        type("NewMeeting", (Schema,), {"__annotations__": {"starts": datetime | None}, "starts": None})
