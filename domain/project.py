"""Projects: what tasks belong to."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlmodel import Field, Relationship, SQLModel

from domain.column_types import long_string
from domain.entity import COLLECTION, Entity, Schema, live_key, partial

if TYPE_CHECKING:
    from domain.task import Task

_SORTABLE = ("id", "key", "name", "created_at", "updated_at", "version")


class ProjectFields(SQLModel):
    """What a sender may say of a project."""

    key: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=500)
    description: str | None = Field(default=None, sa_type=cast("type[Any]", long_string()))


class ProjectCreate(ProjectFields, Schema):
    """A new project."""


@partial
class ProjectUpdate(ProjectCreate):
    """Changes of a project: what is left out stays as it is."""


class Project(ProjectFields, Entity, table=True):
    """A project, known by its `key`; a cascade deletes its tasks with it."""

    __tablename__ = "project"
    __table_args__ = (live_key("project", "key"),)
    natural_key: ClassVar[str | None] = "key"
    filterable: ClassVar[tuple[str, ...] | None] = (*_SORTABLE, "description", "tasks")
    sortable: ClassVar[tuple[str, ...] | None] = _SORTABLE
    loadable: ClassVar[tuple[str, ...] | None] = ("tasks.assignee", "tasks.subtasks")
    create_schema: ClassVar[type[SQLModel]] = ProjectCreate
    update_schema: ClassVar[type[SQLModel]] = ProjectUpdate

    tasks: list["Task"] = Relationship(back_populates="project", sa_relationship_kwargs=COLLECTION)
