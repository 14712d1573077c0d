"""The base of every table that the business names, and of its create and update schemas."""

from copy import copy
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast, get_args

from pydantic import AwareDatetime, create_model
from sqlalchemy import Index, MetaData, Table, event, text
from sqlalchemy.orm import Mapper, declared_attr
from sqlalchemy.orm.attributes import set_attribute
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

import domain.not_loaded
from domain.column_types import row_id
from domain.moments import UtcDateTime, now

MAX_ID = 2**63 - 1
"""The largest id: PostgreSQL's bigint."""

COLLECTION: dict[str, Any] = {"lazy": "raise", "passive_deletes": "all"}
"""Arguments of a relationship to many: never loaded by surprise, and its rows never changed behind the audit's back."""

RELATED: dict[str, Any] = {"lazy": "raise", "passive_deletes": True}
"""Arguments of a relationship to one: never loaded by surprise, also not when several objects are deleted at once."""

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Schema(SQLModel):
    """The base of create schemas: what a sender may say of a row; any other name is refused."""

    model_config = SQLModelConfig(extra="forbid")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:  # noqa: ANN401 - Pydantic's hook
        """Refuse plain `datetime` fields: PostgreSQL would silently take a time without a zone for UTC."""
        for name, info in cls.model_fields.items():
            if datetime in {info.annotation, *get_args(info.annotation)}:
                raise TypeError(f"{cls.__name__}.{name}: use AwareDatetime of Pydantic, so that every time has a zone")


class Entity(SQLModel):
    """A table that the business names; its rows are soft-deleted, versioned and audited.

    `natural_key` names the field by which people know a row, unique among the rows that are not deleted (`live_key`
    makes the index). `owners` names the foreign keys along which a soft delete cascades to this entity.
    `filterable`, `sortable` and `loadable` name what clients may filter, sort by and load: for a filter also relations,
    whose entity says the rest (`project`), and fields of them (`project.key`). None: all own columns; to load: nothing.
    The class attribute `metadata` holds all entities' tables, apart from a host application's own.
    """

    is_entity: ClassVar[bool] = domain.not_loaded.IS_ENTITY
    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMING)
    natural_key: ClassVar[str | None] = None
    owners: ClassVar[tuple[str, ...]] = ()
    filterable: ClassVar[tuple[str, ...] | None] = None
    sortable: ClassVar[tuple[str, ...] | None] = None
    loadable: ClassVar[tuple[str, ...] | None] = None
    create_schema: ClassVar[type[SQLModel]]
    update_schema: ClassVar[type[SQLModel]]

    id: int | None = Field(default=None, primary_key=True, sa_type=cast("type[Any]", row_id()))
    created_at: AwareDatetime | None = Field(
        default=None,
        nullable=False,
        sa_type=cast("type[Any]", UtcDateTime()),
        sa_column_kwargs={"server_default": now()},
    )
    updated_at: AwareDatetime | None = Field(
        default=None,
        nullable=False,
        sa_type=cast("type[Any]", UtcDateTime()),
        sa_column_kwargs={"server_default": now()},
    )
    deleted_at: AwareDatetime | None = Field(default=None, sa_type=cast("type[Any]", UtcDateTime()))
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})

    # The session raises `version` itself (it must stand in the audit row); the mapper only compares it in the WHERE.
    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - a hook on the class
        """Return the mapper's settings: optimistic locking by `version`, server-made values read back on write."""
        columns = cast("Any", cls).__table__.c
        return {"eager_defaults": True, "version_id_col": columns.version, "version_id_generator": False}

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 - any field
        """Set a field; a list or dictionary of a mutable type stays the one whose changes in place are noticed.

        SQLModel alone would put the plain one in its place, and a later `task.tags.append` would be lost.
        """
        if isinstance(value, list | dict) and name in type(self).model_fields:
            set_attribute(self, name, value)
            value = self.__dict__[name]
        super().__setattr__(name, value)


@event.listens_for(Entity, "instrument_class", propagate=True)
def _never_use_an_id_again(mapper: Mapper[Any], _model: type[Entity]) -> None:
    """Have SQLite count on after a purge of the newest row: in the audit log, one id is one life."""
    cast("Table", mapper.local_table).dialect_options["sqlite"]["autoincrement"] = True


def live_key(table: str, column: str) -> Index:
    """Return the partial unique index that keeps a natural key unique among the rows that are not deleted."""
    live = text("deleted_at IS NULL")
    return Index(f"uq_{table}_{column}_live", column, unique=True, postgresql_where=live, sqlite_where=live)


AnySchema = TypeVar("AnySchema", bound=SQLModel)


def partial(create: type[AnySchema], name: str | None = None) -> type[AnySchema]:
    """Return the update schema of a create schema: the same fields, each of which may be left out.

    Also a decorator, for a type that has a name: `@partial` on `class TaskUpdate(TaskCreate)`.
    A field left out stays as it is; null is accepted only where the create schema accepts it (unset is not null).
    """
    fields: dict[str, Any] = {}
    for field, info in create.model_fields.items():
        optional = copy(info)
        optional.default, optional.default_factory = None, None
        fields[field] = (info.annotation, optional)
    made = create_model(name or create.__name__, __base__=create, __module__=create.__module__, **fields)
    made.__doc__ = create.__doc__
    return made
