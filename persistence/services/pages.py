"""Pages of what a service finds."""

from typing import Any

from domain.entities import EntityType
from domain.entity import MAX_ID
from persistence.pages.cursor import Place, read_cursor, write_cursor
from persistence.pages.keyset import beyond
from persistence.pages.page import OffsetPage, Page
from persistence.pages.sort import SortKey, order_by, sort_keys
from persistence.services.bound import Create, Model, Names, Read, Update, names_of, reader_of, require_within
from persistence.services.conditions import Where, meaning_of
from persistence.services.reads import Reads

MOST = 1_000
"""Rows of the largest page; `find` and `stream` have no such bound."""


class Pages(Reads[Model, Create, Update]):
    """Reading page by page."""

    async def page(  # noqa: PLR0913 - what a page can say
        self,
        read: Read,
        *,
        where: Where = None,
        sort: Names = (),
        limit: int = 50,
        cursor: str | None = None,
        load: Names = (),
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> Page[Model]:
        """Return the first page, or the one of a cursor, which holds for the same sort and filter alone.

        The rows after a place are found by the values of the sort columns, so that page 10,000 costs what page 1 does
        where an index has these columns, and no row comes twice or is lost when others are inserted between two pages.
        Raises InvalidCursor, InvalidQuery, UnknownName.
        """
        entity, names = self.entity(read), names_of(sort)
        keys = sort_keys(entity, names)
        require_within(entity, "limit", limit, 1, MOST)
        meaning = meaning_of(reader_of(read), entity, where, conditions, (*names, "deleted" * include_deleted))
        signer = _Signer(read, entity, keys, meaning)
        place = signer.read(cursor) if cursor is not None else None
        backward = place is not None and place.backward
        query = self._query(read, where, conditions, load=load, include_deleted=include_deleted)
        if place is not None:
            query = query.where(beyond(keys, place))
        query = query.order_by(*order_by(keys, reader_of(read).dialect, backward=backward))
        rows = list(await reader_of(read).scalars(query.limit(limit + 1)))
        return signer.page(rows, limit, place)

    async def page_offset(  # noqa: PLR0913 - what a page can say
        self,
        read: Read,
        *,
        where: Where = None,
        sort: Names = (),
        limit: int = 50,
        offset: int = 0,
        load: Names = (),
        include_deleted: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> OffsetPage[Model]:
        """Return rows by their number, and how many there are in all: for page numbers of small lists.

        The database walks through all rows before the offset. Raises InvalidQuery, UnknownName.
        """
        entity = self.entity(read)
        require_within(entity, "limit", limit, 1, MOST)
        require_within(entity, "offset", offset, 0, MAX_ID - MOST)
        query = self._query(read, where, conditions, sort=sort, load=load, include_deleted=include_deleted)
        total = await self.count(read, where=where, include_deleted=include_deleted, **conditions)
        rows = list(await reader_of(read).scalars(query.limit(limit).offset(offset))) if offset < total else []
        return OffsetPage(rows, total, offset, limit)


class _Signer:
    """Makes the cursors of one sort and filter, and reads them."""

    def __init__(self, read: Read, entity: EntityType, keys: tuple[SortKey, ...], meaning: str) -> None:
        self._key, self._entity, self._meaning = reader_of(read).cursor_key, entity, meaning
        self._names = [key.name for key in keys]

    def read(self, cursor: str) -> Place:
        return read_cursor(self._key, self._entity, self._names, self._meaning, cursor)

    def page(self, rows: list[Model], limit: int, place: Place | None) -> Page[Model]:
        items, more = rows[:limit], len(rows) > limit
        if place is None:
            return Page(items, self._at(items[-1]) if more else None, None)
        if not items:  # what was there is gone by now; the way back begins at the place itself
            back = self._write(Place(place.values, backward=not place.backward, holding=not place.holding))
            return Page(items, back, None) if place.backward else Page(items, None, back)
        if place.backward:
            items.reverse()
        return Page(
            items,
            self._at(items[-1]) if more or place.backward else None,
            self._at(items[0], backward=True) if more or not place.backward else None,
        )

    def _at(self, row: Model, *, backward: bool = False) -> str:
        return self._write(Place(tuple(getattr(row, name) for name in self._names), backward=backward))

    def _write(self, place: Place) -> str:
        return write_cursor(self._key, self._entity, self._names, self._meaning, place)
