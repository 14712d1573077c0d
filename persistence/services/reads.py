"""What a service answers about single rows and sets of rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Select, func

from domain.errors import NotFound
from domain.rows import key_value
from domain.storable import unstorable_path
from persistence.dialects import Dialect
from persistence.pages.sort import order_by, sort_keys
from persistence.portable.stream import in_batches
from persistence.rows_among import scalars_among
from persistence.services.bound import (
    Bound,
    Create,
    Model,
    Names,
    Read,
    Update,
    names_of,
    possible,
    reader_of,
    require_within,
)
from persistence.services.conditions import Where


class Reads(Bound[Model, Create, Update]):
    """Reading rows; deleted ones are left out unless `include_deleted` asks for them."""

    async def get(self, read: Read, row_id: int, *, load: Names = (), include_deleted: bool = False) -> Model | None:
        """Return the row with this id, or None."""
        names = names_of(load)
        query = self._live(read, names, include_deleted=include_deleted) if names else None
        if not possible([row_id]):
            return None
        if query is None:
            return await reader_of(read).get(self.model, row_id, include_deleted=include_deleted)
        return await _one(read, query.where(self._id == row_id))

    async def get_or_raise(self, read: Read, row_id: int, *, load: Names = (), include_deleted: bool = False) -> Model:
        """Return the row with this id; raises NotFound."""
        found = await self.get(read, row_id, load=load, include_deleted=include_deleted)
        if found is None:
            raise NotFound(self.entity(read).name, "id", (row_id,), live=not include_deleted)
        return found

    async def get_by_key(
        self, read: Read, key: str | int, *, load: Names = (), include_deleted: bool = False
    ) -> Model | None:
        """Return the live row with this natural key, or None; among deleted ones the newest.

        Raises InvalidRows for an entity without natural key.
        """
        entity = self.entity(read)
        value = key_value(entity, key)
        if unstorable_path(value) is not None:  # no row has it, and not every database can be asked
            return None
        query = self._live(read, load, include_deleted=include_deleted)
        query = query.where(self._column(str(entity.natural_key)) == value)
        deleted_last = self._column("deleted_at").is_not(None)
        return await _one(read, query.order_by(deleted_last, self._id.desc()).limit(1))

    async def get_many(
        self, read: Read, ids: Sequence[int], *, load: Names = (), include_deleted: bool = False
    ) -> list[Model]:
        """Return the rows with these ids in the order of the ids; those that are not there are left out."""
        if not ids:
            return []
        query = self._live(read, load, include_deleted=include_deleted)
        rows = await scalars_among(reader_of(read), query, self._id, possible(dict.fromkeys(ids)))
        by_id = {row.id: row for row in rows}
        return [by_id[row_id] for row_id in ids if row_id in by_id]

    async def get_many_or_raise(
        self, read: Read, ids: Sequence[int], *, load: Names = (), include_deleted: bool = False
    ) -> list[Model]:
        """Return the rows with these ids in the order of the ids; raises NotFound with all that are not there."""
        found = await self.get_many(read, ids, load=load, include_deleted=include_deleted)
        missing = tuple(dict.fromkeys(set(ids) - {row.id for row in found}))
        if missing:
            raise NotFound(self.entity(read).name, "id", tuple(sorted(missing)), live=not include_deleted)
        return found

    async def find(  # noqa: PLR0913 - what a query can say
        self,
        read: Read,
        *,
        where: Where = None,
        sort: Names = (),
        limit: int | None = None,
        load: Names = (),
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> list[Model]:
        """Return the rows that fit, by default in the order of their ids."""
        if limit is not None:
            require_within(self.entity(read), "limit", limit, 0)
        query = self._query(read, where, conditions, sort=sort, load=load, include_deleted=include_deleted)
        return list(await reader_of(read).scalars(query.limit(limit)))

    async def first(
        self,
        read: Read,
        *,
        where: Where = None,
        sort: Names = (),
        load: Names = (),
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> Model | None:
        """Return the first row that fits, or None."""
        query = self._query(read, where, conditions, sort=sort, load=load, include_deleted=include_deleted)
        return await _one(read, query.limit(1))

    async def exists(
        self,
        read: Read,
        *,
        where: Where = None,
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> bool:
        """Tell whether any row fits."""
        query = self._query(read, where, conditions, include_deleted=include_deleted)
        return bool(await reader_of(read).scalars(query.with_only_columns(self._id).limit(1)))

    async def count(
        self,
        read: Read,
        *,
        where: Where = None,
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> int:
        """Return how many rows fit."""
        query = self._query(read, where, conditions, include_deleted=include_deleted)
        (found,) = await reader_of(read).scalars(query.with_only_columns(func.count(self._id)))
        return found

    async def stream(  # noqa: PLR0913 - what a query can say
        self,
        read: Read,
        *,
        where: Where = None,
        sort: Names = (),
        load: Names = (),
        include_deleted: bool = False,
        batch: int = 500,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> AsyncIterator[Model]:
        """Yield the rows that fit from a cursor of the server, `batch` of them in memory at a time.

        On MySQL in statements of `batch` rows each, as pages are read.
        """
        require_within(self.entity(read), "batch", batch, 1)
        reader, keys = reader_of(read), sort_keys(self.entity(read), names_of(sort))
        query = self._query(read, where, conditions, load=load, include_deleted=include_deleted)
        if reader.dialect is Dialect.MYSQL:
            async for one in in_batches(reader, query, keys, batch):
                yield one
            return
        async for row in reader.stream(query.order_by(*order_by(keys, reader.dialect)), batch):
            yield row[0]

    @property
    def _id(self) -> Any:  # noqa: ANN401 - a mapped column
        return self._column("id")

    def _column(self, name: str) -> Any:  # noqa: ANN401 - a mapped column
        return getattr(self.model, name)


async def _one(read: Read, query: Select[Model]) -> Model | None:
    return next(iter(await reader_of(read).scalars(query)), None)
