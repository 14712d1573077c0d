"""Entities of unusual shape, apart from the shipped ones: reserved words, our own words, a number as key, no key."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, cast

from pydantic import AwareDatetime, JsonValue
from sqlalchemy import BigInteger, MetaData, Numeric
from sqlmodel import Field, SQLModel

from domain.column_types import json_value
from domain.entity import Entity, Schema, live_key, partial
from domain.moments import UtcDateTime

METADATA = MetaData(naming_convention=Entity.metadata.naming_convention)
"""The tables of these entities alone."""


class OrderFields(SQLModel):
    """Fields whose names SQL reserves, and values that JSON cannot hold as they are."""

    number: int
    group: str = "none"
    amount: Decimal = Field(default=Decimal(0), sa_type=cast("type[Any]", Numeric(30, 10)))
    due: AwareDatetime | None = Field(default=None, sa_type=cast("type[Any]", UtcDateTime()))
    day: date | None = None
    open: bool = True
    share: float = 0.0
    extra: dict[str, JsonValue] = Field(default_factory=dict, sa_type=cast("type[Any]", json_value()))
    within: int | None = Field(default=None, foreign_key="order.id", sa_type=cast("type[Any]", BigInteger))


class OrderCreate(OrderFields, Schema):
    """A new order."""


class Order(OrderFields, Entity, table=True):
    """An order, known by its number, perhaps within another order that owns it."""

    __tablename__ = "order"
    __table_args__ = (live_key("order", "number"),)
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "number"
    owners: ClassVar[tuple[str, ...]] = ("within",)
    create_schema: ClassVar[type[SQLModel]] = OrderCreate
    update_schema: ClassVar[type[SQLModel]] = partial(OrderCreate, "OrderUpdate")


class NoteFields(SQLModel):
    """A text about an order."""

    text: str
    order_id: int = Field(foreign_key="order.id", sa_type=cast("type[Any]", BigInteger))
    took: timedelta | None = None


class NoteCreate(NoteFields, Schema):
    """A new note."""


class Note(NoteFields, Entity, table=True):
    """A note, which has no natural key."""

    __tablename__ = "Note"
    metadata: ClassVar[MetaData] = METADATA
    owners: ClassVar[tuple[str, ...]] = ("order_id",)
    create_schema: ClassVar[type[SQLModel]] = NoteCreate
    update_schema: ClassVar[type[SQLModel]] = partial(NoteCreate, "NoteUpdate")


class TargetFields(SQLModel):
    """Fields that are named as our statements name rows."""

    key: str
    target: str = "target"
    current: str = "current"
    written: str = "written"
    planned: str = "planned"
    old_row: str = "old row"
    change: str = "change"
    input: str = "input"
    candidate: str = "candidate"


class TargetCreate(TargetFields, Schema):
    """A new target."""


class Target(TargetFields, Entity, table=True):
    """A target, whose table and columns have names that our statements use as well."""

    __tablename__ = "target"
    __table_args__ = (live_key("target", "key"),)
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "key"
    create_schema: ClassVar[type[SQLModel]] = TargetCreate
    update_schema: ClassVar[type[SQLModel]] = partial(TargetCreate, "TargetUpdate")
