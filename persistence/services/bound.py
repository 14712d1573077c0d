"""What a service is of: one model, its create schema and its update schema."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, cast, get_args

from sqlalchemy import Select, select
from sqlmodel import SQLModel

from domain.entities import EntityType
from domain.entity import MAX_ID, Entity
from domain.errors import InvalidQuery, Problem
from persistence.live_rows import INCLUDE_DELETED, brings_relations
from persistence.loading import loads
from persistence.pages.sort import order_by, sort_keys
from persistence.reader import Reader
from persistence.services.conditions import Where, clauses
from persistence.session import AUDITED
from persistence.transaction import Transaction

Model = TypeVar("Model", bound=Entity)
Create = TypeVar("Create", bound=SQLModel)
Update = TypeVar("Update", bound=SQLModel)

Read = Reader | Transaction
"""Where a service reads: a reader, or a transaction, in which what was written is there."""

Rows: TypeAlias = int | Model | Sequence[int | Model]
"""One row or several, by their ids or as objects."""

Names = str | Sequence[str]
"""One name or several, such as of `sort` and `load`."""


class Bound(Generic[Model, Create, Update]):
    """A stateless service of the model that its class names in brackets."""

    model: type[Model]

    def __init_subclass__(cls, **arguments: object) -> None:
        """Take the model from the brackets: `class Tasks(ServiceBase[Task, TaskCreate, TaskUpdate])`."""
        super().__init_subclass__(**arguments)
        for base in cls.__dict__.get("__orig_bases__", ()):
            for argument in get_args(base)[:1]:
                if isinstance(argument, type) and issubclass(argument, Entity):
                    cls.model = cast("type[Any]", argument)

    def entity(self, read: Read) -> EntityType:
        """Return the entity that the service is of; raises UnknownName where the database does not serve it."""
        return read.entities[str(self.model.__tablename__)]

    def _ids(self, rows: Rows[Model]) -> list[int]:
        """Return the ids of rows; an object that was never written has 0, which no row has.

        Raises InvalidQuery for an object of another entity, whose id is another row's here.
        """
        listed = (rows,) if isinstance(rows, int | Entity) else rows
        for row in listed:
            if not isinstance(row, int | self.model):
                why = f"expected ids or objects of {self.model.__name__}, got {type(row).__name__}"
                raise InvalidQuery(str(self.model.__tablename__), (Problem(None, "rows", why),))
        return [row if isinstance(row, int) else row.id or 0 for row in listed]

    def _query(  # noqa: PLR0913 - what a query can say
        self,
        read: Read,
        where: Where,
        conditions: Mapping[str, Any],
        *,
        sort: Names | None = None,
        load: Names = (),
        include_deleted: bool = False,
    ) -> Select[Model]:
        entity = self.entity(read)
        query = self._live(read, load, include_deleted=include_deleted)
        query = query.where(*clauses(reader_of(read), entity, where, conditions, include_deleted=include_deleted))
        if sort is None:
            return query
        return query.order_by(*order_by(sort_keys(entity, names_of(sort)), reader_of(read).dialect))

    def _live(self, read: Read, load: Names, *, include_deleted: bool) -> Select[Model]:
        query, names = select(self.model), names_of(load)
        if not names and not brings_relations(self.model):
            # Without relations it says by itself what it leaves out, in a third of the time.
            live = query if include_deleted else query.where(self.model.deleted_at.is_(None))  # type: ignore[union-attr]
            return live.execution_options(**{INCLUDE_DELETED: True, AUDITED: True})
        # Relations that were loaded before a write of the same transaction are read again.
        fresh = {"populate_existing": True} if isinstance(read, Transaction) else {}
        options = {INCLUDE_DELETED: include_deleted, AUDITED: True}
        return query.options(*loads(self.model, names)).execution_options(**fresh, **options)


def reader_of(read: Read) -> Reader:
    """Return the reader of where a service reads."""
    return read if isinstance(read, Reader) else read.reader


def names_of(names: Names) -> tuple[str, ...]:
    """Return names as a tuple, also a single one."""
    return (names,) if isinstance(names, str) else tuple(names)


def possible(ids: Iterable[int]) -> list[int]:
    """Return the ids that a row can have: of others each driver makes an error of its own, or none."""
    return [row_id for row_id in ids if 0 < row_id <= MAX_ID]


def require_within(entity: EntityType, name: str, value: int, least: int, most: int = MAX_ID) -> None:
    """Raise InvalidQuery for a number that is out of its bounds: SQLite takes a negative limit for none."""
    if not least <= value <= most:
        raise InvalidQuery(entity.name, (Problem(None, name, f"{value} is not between {least} and {most:,}"),))
