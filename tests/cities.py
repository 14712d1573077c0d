"""Cities: an entity of somebody else's, as a team would add it, for the file of real cities.

Nothing in the tests' own process imports this: the table would appear among the shipped ones.
"""

from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, Connection
from sqlmodel import Field, SQLModel

from domain.entity import MAX_ID, Entity, Schema, live_key, partial
from persistence.database import open_database
from worker.environment import load_settings


class CityFields(SQLModel):
    """What a sender may say of a city."""

    geonameid: int = Field(ge=1, le=MAX_ID, sa_type=cast("type[Any]", BigInteger))
    name: str = Field(min_length=1, max_length=200)
    country: str = Field(min_length=1, max_length=200)
    subcountry: str | None = Field(default=None, max_length=200)


class CityCreate(CityFields, Schema):
    """A new city."""


class City(CityFields, Entity, table=True):
    """A city, known by its number at GeoNames: names are not unique."""

    __tablename__ = "city"
    __table_args__ = (live_key("city", "geonameid"),)
    natural_key: ClassVar[str | None] = "geonameid"
    create_schema: ClassVar[type[SQLModel]] = CityCreate
    update_schema: ClassVar[type[SQLModel]] = partial(CityCreate, "CityUpdate")


async def make_table() -> None:
    """Make the table in the database that DATABASE_URL names."""

    def create(connection: Connection) -> None:
        City.metadata.create_all(connection, tables=[City.metadata.tables["city"]])

    async with open_database(load_settings()) as database, database.engine.begin() as connection:
        await connection.run_sync(create)
