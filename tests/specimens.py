"""Entities with a column of every kind and every way of being related, and rows of them to filter."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, cast
from uuid import UUID

from pydantic import AwareDatetime, JsonValue
from sqlalchemy import BigInteger, Column, Enum, ForeignKey, MetaData, Numeric, Table, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Field, Relationship, SQLModel

import domain.task_manager  # noqa: F401 - all mappers of a process are configured together, whoever is first
from domain.column_types import json_value, key_text
from domain.entities import Entities
from domain.entity import COLLECTION, RELATED, Entity, Schema, partial
from domain.moments import UtcDateTime

METADATA = MetaData(naming_convention=Entity.metadata.naming_convention)
"""The tables of these entities alone."""

_BIGINT = cast("type[Any]", BigInteger)
_JSON = cast("type[Any]", json_value())
_TEXT = cast("type[Any]", key_text())


class Size(StrEnum):
    """A choice."""

    SMALL = "small"
    LARGE = "large"


class SpecimenLabelFields(SQLModel):
    """A text that many specimens bear."""

    key: str = Field(sa_type=_TEXT)


class SpecimenLabelCreate(SpecimenLabelFields, Schema):
    """A new label."""


class SpecimenLabel(SpecimenLabelFields, Entity, table=True):
    """A label."""

    __tablename__ = "label"
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "key"
    create_schema: ClassVar[type[SQLModel]] = SpecimenLabelCreate
    update_schema: ClassVar[type[SQLModel]] = partial(SpecimenLabelCreate, "SpecimenLabelUpdate")


BEARING = Table(
    "bearing",
    METADATA,
    Column("specimen_id", BigInteger, ForeignKey("specimen.id"), primary_key=True),
    Column("label_id", BigInteger, ForeignKey("label.id"), primary_key=True),
)
"""Which specimen bears which label."""


class SpecimenFields(SQLModel):
    """A field of every kind, of which most may be null."""

    key: str = Field(sa_type=_TEXT)
    note: str | None = Field(default=None, sa_type=_TEXT)
    count: int | None = None
    amount: Decimal | None = Field(default=None, sa_type=cast("type[Any]", Numeric(10, 2)))
    share: float | None = None
    open: bool | None = None
    day: date | None = None
    at: AwareDatetime | None = Field(default=None, sa_type=cast("type[Any]", UtcDateTime()))
    code: UUID | None = None
    size: Size | None = Field(
        default=None,
        sa_type=cast("type[Any]", Enum(Size, native_enum=False, values_callable=lambda e: [v.value for v in e])),
    )
    extra: JsonValue = Field(default=None, sa_type=_JSON, nullable=True)
    tags: list[JsonValue] = Field(default_factory=list, sa_type=_JSON)
    whole_id: int | None = Field(default=None, foreign_key="specimen.id", sa_type=_BIGINT)
    rival: int | None = Field(default=None, foreign_key="specimen.id", sa_type=_BIGINT)


class SpecimenCreate(SpecimenFields, Schema):
    """A new specimen."""


class Specimen(SpecimenFields, Entity, table=True):
    """A specimen, perhaps a part of another, which bears labels; its `rival` is a foreign key without relationship."""

    __tablename__ = "specimen"
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "key"
    filterable: ClassVar[tuple[str, ...] | None] = ("key", "count", "labels", "whole.key")
    sortable: ClassVar[tuple[str, ...] | None] = ("key", "count")
    loadable: ClassVar[tuple[str, ...] | None] = ("parts.labels",)
    create_schema: ClassVar[type[SQLModel]] = SpecimenCreate
    update_schema: ClassVar[type[SQLModel]] = partial(SpecimenCreate, "SpecimenUpdate")

    whole: "Specimen" = Relationship(
        back_populates="parts",
        sa_relationship_kwargs={"remote_side": "Specimen.id", "foreign_keys": "[Specimen.whole_id]", **RELATED},
    )
    parts: list["Specimen"] = Relationship(
        back_populates="whole", sa_relationship_kwargs={"foreign_keys": "[Specimen.whole_id]", **COLLECTION}
    )
    labels: list[SpecimenLabel] = Relationship(sa_relationship_kwargs={"secondary": BEARING, "lazy": "raise"})


ENTITIES = Entities([Specimen, SpecimenLabel])

DELETED = datetime(2024, 6, 1, tzinfo=UTC)

_EMPTY: dict[str, Any] = dict.fromkeys(SpecimenFields.model_fields) | {"tags": [], "deleted_at": None}

_ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "key": "a",
        "note": "Alpha one",
        "count": 1,
        "amount": Decimal("1.50"),
        "share": 0.5,
        "open": True,
        "day": date(2024, 1, 1),
        "at": datetime(2024, 1, 1, tzinfo=UTC),
        "code": UUID(int=1),
        "size": Size.SMALL,
        "extra": {"a": 1, "b": {"c": [1, 2], "d": "e"}},
        "tags": ["x", "y"],
    },
    {
        "id": 2,
        "key": "b",
        "note": "alpha TWO, 50%_off",
        "count": 2,
        "amount": Decimal("2.25"),
        "share": 0.25,
        "open": False,
        "day": date(2024, 2, 29),
        "at": datetime(2024, 2, 29, 12, 30, 0, 5, tzinfo=UTC),
        "code": UUID(int=2),
        "size": Size.LARGE,
        "extra": {"a": 2, "b": {"c": [2, 3]}},
        "tags": ["y", "Z"],
        "whole_id": 1,
    },
    {"id": 3, "key": "c", "tags": [["x", 1]], "whole_id": 1, "rival": 2},
    {
        "id": 4,
        "key": "d",
        "note": r"Bücher\50x_off",
        "count": 10,
        "extra": ["a", 1],
        "tags": [1, True, "it's", "ü"],
        "whole_id": 3,
    },
    {"id": 6, "key": "gone", "note": "Alpha one", "count": 1, "deleted_at": DELETED, "whole_id": 2},
    {"id": 5, "key": "e", "note": "Zebra", "count": -5, "extra": "a", "whole_id": 6, "rival": 6},
]

_LABELS: list[dict[str, Any]] = [
    {"id": 1, "key": "red", "deleted_at": None},
    {"id": 2, "key": "blue", "deleted_at": None},
    {"id": 3, "key": "old", "deleted_at": DELETED},
]

_BEARING = [(1, 1), (1, 2), (2, 2), (3, 3)]


async def plant_specimens(engine: AsyncEngine) -> None:
    """Make the tables and their rows, `gone` and the label `old` deleted; b and c are parts of a, d of c, e of gone."""
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        for row in _ROWS:
            await connection.execute(insert(ENTITIES["specimen"].table), {**_EMPTY, **row})
        await connection.execute(insert(ENTITIES["label"].table), _LABELS)
        await connection.execute(insert(BEARING), [{"specimen_id": s, "label_id": label} for s, label in _BEARING])
