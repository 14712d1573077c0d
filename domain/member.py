"""Members: the people who create tasks and to whom tasks are assigned."""

from typing import TYPE_CHECKING, ClassVar

from sqlmodel import Field, Relationship, SQLModel

from domain.entity import COLLECTION, Entity, Schema, live_key, partial

if TYPE_CHECKING:
    from domain.task import Task

_SORTABLE = ("id", "key", "name", "created_at", "updated_at", "version")


class MemberFields(SQLModel):
    """What a sender may say of a member."""

    key: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=500)
    email: str | None = Field(default=None, max_length=320)  # RFC 5321: 64 + 1 + 255


class MemberCreate(MemberFields, Schema):
    """A new member."""


@partial
class MemberUpdate(MemberCreate):
    """Changes of a member: what is left out stays as it is."""


class Member(MemberFields, Entity, table=True):
    """A member, known by its `key`; members do not own tasks, so deleting one leaves the tasks."""

    __tablename__ = "member"
    __table_args__ = (live_key("member", "key"),)
    natural_key: ClassVar[str | None] = "key"
    # Without `email`: whoever may not read it must not find it out by filters either.
    filterable: ClassVar[tuple[str, ...] | None] = (*_SORTABLE, "assigned_tasks", "created_tasks")
    sortable: ClassVar[tuple[str, ...] | None] = _SORTABLE
    loadable: ClassVar[tuple[str, ...] | None] = ("assigned_tasks", "created_tasks")
    create_schema: ClassVar[type[SQLModel]] = MemberCreate
    update_schema: ClassVar[type[SQLModel]] = MemberUpdate

    assigned_tasks: list["Task"] = Relationship(
        back_populates="assignee",
        sa_relationship_kwargs={"foreign_keys": "[Task.assignee_id]", **COLLECTION},
    )
    created_tasks: list["Task"] = Relationship(
        back_populates="creator",
        sa_relationship_kwargs={"foreign_keys": "[Task.creator_id]", **COLLECTION},
    )
