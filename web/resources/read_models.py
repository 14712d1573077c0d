"""What answers show of the shipped entities: the fields that are named here, and relations that were asked for."""

from datetime import datetime
from functools import cache
from typing import Any, Self, get_args

from pydantic import BaseModel, Field, JsonValue

from domain.entity import Entity
from domain.task import TaskPriority, TaskStatus

Tree = dict[str, Any]
"""Relations to show, each with those below it: `{"subtasks": {"assignee": {}}}`."""


class EntityRead(BaseModel):
    """What every entity shows; `version` goes into `If-Match` of a change."""

    id: int = Field(examples=[7])
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int = Field(examples=[1])

    @classmethod
    def of(cls, row: Entity, tree: Tree | None = None) -> Self:
        """Return what is shown of a row, with the relations of the tree, which must be loaded.

        By the tree and not by what happens to be loaded: rows of one session may lead to one another in circles.
        """
        known = cls.relations()
        shown = {name: getattr(row, name) for name in cls.model_fields if name not in known}
        for name, below in (tree or {}).items():
            kind, value = known[name], getattr(row, name)
            many = isinstance(value, list)
            shown[name] = [kind.of(one, below) for one in value] if many else value and kind.of(value, below)
        return cls.model_validate(shown)

    @classmethod
    def relations(cls) -> "dict[str, type[EntityRead]]":
        """Return the fields that show related rows, each with the model of these."""
        return _relations(cls)


class ProjectRead(EntityRead):
    """A project; its tasks are there where `load` asked for them."""

    key: str = Field(examples=["alpha"])
    name: str = Field(examples=["Alpha"])
    description: str | None
    tasks: "list[TaskRead] | None" = None


class MemberRead(EntityRead):
    """A member; the tasks are there where `load` asked for them."""

    key: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    email: str | None
    assigned_tasks: "list[TaskRead] | None" = None
    created_tasks: "list[TaskRead] | None" = None


class TaskRead(EntityRead):
    """A task; relations are there where `load` asked for them, null where there is no live one."""

    key: str = Field(examples=["ALP-1"])
    title: str = Field(examples=["Sow"])
    description: str | None
    status: TaskStatus
    priority: TaskPriority
    tags: list[JsonValue] = Field(examples=[["garden"]])
    project_id: int
    assignee_id: int | None
    creator_id: int | None
    parent_id: int | None
    project: ProjectRead | None = None
    assignee: MemberRead | None = None
    creator: MemberRead | None = None
    parent: "TaskRead | None" = None
    subtasks: "list[TaskRead] | None" = None


@cache
def _relations(kind: type[EntityRead]) -> dict[str, type[EntityRead]]:
    kind.model_rebuild()  # a model may name others that stand below it
    found = {name: _read_model(info.annotation) for name, info in kind.model_fields.items()}
    return {name: model for name, model in found.items() if model is not None}


def _read_model(annotation: Any) -> type[EntityRead] | None:  # noqa: ANN401 - a type
    if isinstance(annotation, type) and issubclass(annotation, EntityRead):
        return annotation
    return next((found for part in get_args(annotation) if (found := _read_model(part))), None)
