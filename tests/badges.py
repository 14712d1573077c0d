"""Badges: an entity whose code is unique among all rows, also those that are deleted, apart from the shipped ones."""

from typing import ClassVar

from sqlalchemy import MetaData, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain.entity import Entity, Schema, live_key, partial

METADATA = MetaData(naming_convention=Entity.metadata.naming_convention)
"""The table of this entity alone."""


class BadgeFields(SQLModel):
    """What a sender may say of a badge."""

    key: str = Field(min_length=1)
    code: str | None = None
    holder: str = ""


class BadgeCreate(BadgeFields, Schema):
    """A new badge."""


class Badge(BadgeFields, Entity, table=True):
    """A badge; its code is never given away again."""

    __tablename__ = "badge"
    __table_args__ = (live_key("badge", "key"), UniqueConstraint("code"))
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "key"
    create_schema: ClassVar[type[SQLModel]] = BadgeCreate
    update_schema: ClassVar[type[SQLModel]] = partial(BadgeCreate, "BadgeUpdate")
