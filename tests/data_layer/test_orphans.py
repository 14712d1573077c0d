"""Objects that the ORM would delete by itself."""

from typing import Any, ClassVar

import pytest
from sqlalchemy import BigInteger, MetaData
from sqlmodel import Field, Relationship, SQLModel, select

from domain.entities import Entities
from domain.entity import Entity, Schema
from domain.errors import UnauditedWrite
from persistence.database import Database
from persistence.sessions import create_sessions
from tests.ledger import assert_balanced
from tests.worlds import begin

METADATA = MetaData(naming_convention=Entity.metadata.naming_convention)
_BIGINT: Any = BigInteger


class Nest(Entity, table=True):
    """A nest, whose eggs are deleted by the ORM when it loses them."""

    __tablename__ = "nest"
    metadata: ClassVar[MetaData] = METADATA
    create_schema: ClassVar[type[SQLModel]] = Schema
    update_schema: ClassVar[type[SQLModel]] = Schema

    eggs: list["Egg"] = Relationship(sa_relationship_kwargs={"cascade": "all, delete-orphan", "lazy": "selectin"})


class Egg(Entity, table=True):
    """An egg."""

    __tablename__ = "egg"
    metadata: ClassVar[MetaData] = METADATA
    create_schema: ClassVar[type[SQLModel]] = Schema
    update_schema: ClassVar[type[SQLModel]] = Schema

    nest_id: int | None = Field(default=None, foreign_key="nest.id", sa_type=_BIGINT)


@pytest.mark.on_every_engine
async def test_an_orphan_is_not_deleted_behind_the_audit_log(database: Database) -> None:
    """The ORM decides on it after the rows were read; to delete the nest deletes its eggs with audit rows."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    sessions = create_sessions(database.engine, Entities([Nest, Egg]))
    async with begin(sessions) as tx:
        tx.session.add(Nest(eggs=[Egg(), Egg()]))

    async def lose_one() -> None:
        async with begin(sessions) as tx:
            nest = (await tx.session.exec(select(Nest))).one()
            nest.eggs.pop()

    with pytest.raises(UnauditedWrite, match="a deletion that the ORM cascaded on 'egg'"):
        await lose_one()
    await assert_balanced(sessions, "nest", "egg")
    async with begin(sessions) as tx:
        await tx.session.delete((await tx.session.exec(select(Nest))).one())
    await assert_balanced(sessions, "nest", "egg")
