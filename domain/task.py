"""Tasks: a piece of work in a project, perhaps part of another task."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import JsonValue
from sqlalchemy import BigInteger, Enum, text
from sqlalchemy.ext.mutable import MutableList
from sqlmodel import Field, Relationship, SQLModel

from domain.column_types import json_value, long_string
from domain.entity import COLLECTION, MAX_ID, RELATED, Entity, Schema, live_key, partial

if TYPE_CHECKING:
    from domain.member import Member
    from domain.project import Project


class TaskStatus(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    DOING = "doing"
    BLOCKED = "blocked"
    DONE = "done"


class TaskPriority(StrEnum):
    """How soon a task wants attention."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


def _checked(values: type[StrEnum], name: str) -> type[Any]:
    """Return a text column with a CHECK of the values: adding one is a small migration, unlike a native enum."""
    column = Enum(
        values,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=20,
        values_callable=lambda e: [v.value for v in e],
    )
    return cast("type[Any]", column)


# In place changes (`task.tags.append`) are noticed only through MutableList.
_TAGS = cast("type[Any]", MutableList.as_mutable(json_value()))
_BIGINT = cast("type[Any]", BigInteger)
_SORTABLE = ("id", "key", "title", "status", "priority", "created_at", "updated_at", "version")


class TaskFields(SQLModel):
    """What a sender may say of a task; ids refer to live rows."""

    key: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=500)
    description: str | None = Field(default=None, sa_type=cast("type[Any]", long_string()))
    status: TaskStatus = Field(default=TaskStatus.PENDING, sa_type=_checked(TaskStatus, "status"))
    priority: TaskPriority = Field(default=TaskPriority.MEDIUM, sa_type=_checked(TaskPriority, "priority"))
    tags: list[JsonValue] = Field(
        default_factory=list, sa_type=_TAGS, sa_column_kwargs={"server_default": text("('[]')")}
    )
    project_id: int = Field(ge=1, le=MAX_ID, foreign_key="project.id", index=True, sa_type=_BIGINT)
    assignee_id: int | None = Field(default=None, ge=1, le=MAX_ID, foreign_key="member.id", index=True, sa_type=_BIGINT)
    creator_id: int | None = Field(default=None, ge=1, le=MAX_ID, foreign_key="member.id", index=True, sa_type=_BIGINT)
    parent_id: int | None = Field(default=None, ge=1, le=MAX_ID, foreign_key="task.id", index=True, sa_type=_BIGINT)


class TaskCreate(TaskFields, Schema):
    """A new task."""


@partial
class TaskUpdate(TaskCreate):
    """Changes of a task: what is left out stays as it is."""


class Task(TaskFields, Entity, table=True):
    """A task, known by its `key`; its project owns it, and so does its parent task."""

    __tablename__ = "task"
    __table_args__ = (live_key("task", "key"),)
    natural_key: ClassVar[str | None] = "key"
    owners: ClassVar[tuple[str, ...]] = ("project_id", "parent_id")
    filterable: ClassVar[tuple[str, ...] | None] = (
        *_SORTABLE,
        *("description", "tags", "project_id", "assignee_id", "creator_id", "parent_id"),
        *("project", "assignee", "creator", "parent", "subtasks"),
    )
    sortable: ClassVar[tuple[str, ...] | None] = _SORTABLE
    loadable: ClassVar[tuple[str, ...] | None] = ("project", "assignee", "creator", "parent", "subtasks.assignee")
    create_schema: ClassVar[type[SQLModel]] = TaskCreate
    update_schema: ClassVar[type[SQLModel]] = TaskUpdate

    project: "Project" = Relationship(back_populates="tasks", sa_relationship_kwargs=RELATED)
    assignee: "Member" = Relationship(
        back_populates="assigned_tasks",
        sa_relationship_kwargs={"foreign_keys": "[Task.assignee_id]", **RELATED},
    )
    creator: "Member" = Relationship(
        back_populates="created_tasks",
        sa_relationship_kwargs={"foreign_keys": "[Task.creator_id]", **RELATED},
    )
    parent: "Task" = Relationship(
        back_populates="subtasks",
        sa_relationship_kwargs={"remote_side": "Task.id", "foreign_keys": "[Task.parent_id]", **RELATED},
    )
    subtasks: list["Task"] = Relationship(
        back_populates="parent",
        sa_relationship_kwargs={"foreign_keys": "[Task.parent_id]", **COLLECTION},
    )
