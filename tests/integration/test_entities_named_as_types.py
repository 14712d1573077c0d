"""An entity may be called as a type of PostgreSQL's: its rows are the table's own."""

from typing import Any, ClassVar, cast

from sqlalchemy import MetaData, String
from sqlmodel import Field, SQLModel

from domain.commands import BulkInsert, Update
from domain.entities import Entities
from domain.entity import Entity, Schema, live_key, partial
from persistence.database import Database
from persistence.service import service_of
from persistence.sessions import create_sessions
from persistence.update import update_rows
from tests.worlds import apply, begin


class PointCreate(Schema):
    """A new point."""

    key: str
    label: str = "none"


class Point(Entity, table=True):
    """Called as PostgreSQL's type of two numbers."""

    __tablename__ = "point"
    __table_args__ = (live_key("point", "key"),)
    metadata: ClassVar[MetaData] = MetaData(naming_convention=Entity.metadata.naming_convention)
    natural_key: ClassVar[str | None] = "key"
    create_schema: ClassVar[type[SQLModel]] = PointCreate
    update_schema: ClassVar[type[SQLModel]] = partial(PointCreate, "PointUpdate")

    key: str = Field(sa_type=cast("type[Any]", String))
    label: str = Field(default="none", sa_type=cast("type[Any]", String))


async def test_every_write_is_of_the_tables_own_row(database: Database) -> None:
    """Inserts, changes, and changes of a set too large to go through Python."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Point.metadata.create_all)
    sessions = create_sessions(database.engine, Entities([Point]))
    await apply(sessions, BulkInsert(entity="point", rows=[{"key": key} for key in "abc"]))
    await apply(sessions, Update(entity="point", key=["a"], changes={"label": "one"}))
    async with begin(sessions) as tx:
        entity = tx.entities["point"]
        many = Update(entity="point", where={"key__ne": "a"}, changes={"label": "many"})
        assert (await update_rows(tx, entity, many, large=1)).updated == 2
        assert [row.label for row in await service_of(entity).find(tx, sort="key")] == ["one", "many", "many"]
