"""Crates: an entity of types that JSON and the driver know badly, apart from the shipped ones."""

from datetime import date
from typing import Any, ClassVar, cast

from pydantic import JsonValue
from sqlalchemy import ARRAY, JSON, CheckConstraint, Integer, MetaData, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from domain.entity import Entity, Schema, live_key, partial

METADATA = MetaData(naming_convention=Entity.metadata.naming_convention)
"""The table of this entity alone."""


class CrateFields(SQLModel):
    """What a sender may say of a crate."""

    key: str
    until: date | None = None
    sizes: list[int] | None = Field(default=None, sa_type=cast("type[Any]", ARRAY(Integer)))
    rows: list[list[str]] | None = Field(default=None, sa_type=cast("type[Any]", ARRAY(Text, dimensions=2)))
    words: str | None = Field(default=None, sa_type=cast("type[Any]", TSVECTOR))
    notes: JsonValue = Field(default=None, sa_type=JSON, nullable=True)
    weight: int | None = None


class CrateCreate(CrateFields, Schema):
    """A new crate."""


class Crate(CrateFields, Entity, table=True):
    """A crate; its key is never given away again."""

    __tablename__ = "crate"
    __table_args__ = (
        live_key("crate", "key"),
        UniqueConstraint("key", name="key_for_ever"),
        CheckConstraint("length(current_database()) > 0", name="of_no_column"),
        CheckConstraint("weight > 0", name="weighs"),
    )
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "key"
    create_schema: ClassVar[type[SQLModel]] = CrateCreate
    update_schema: ClassVar[type[SQLModel]] = partial(CrateCreate, "CrateUpdate")
