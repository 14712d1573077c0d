"""What a service writes, through the functions that the jobs use: each write with its audit rows, and no commit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy.exc import DBAPIError

import domain.commands
from domain.commands import OnConflict, Row
from domain.errors import CounterfoilError, Locked, NoCondition, NotFound
from domain.result import Result
from domain.rows import field_value, key_value
from persistence.dialects import dialect_of
from persistence.insert import insert_rows
from persistence.selection_conditions import among
from persistence.services.among import scalars_among
from persistence.services.bound import Bound, Create, Model, Names, Rows, Update, check_number, ids_of, possible
from persistence.services.conditions import Where, words
from persistence.services.written import command, refresh, row_of
from persistence.transaction import Transaction
from persistence.update import update_rows

BATCH = 500
"""Rows of one statement: below the 1,000 ids that a result names."""

Changes = Mapping[str, Any]


class Writes(Bound[Model, Create, Update]):
    """Creating and changing rows; an error before anything was written leaves the transaction as it was."""

    async def create(
        self,
        tx: Transaction,
        values: Create | Changes,
        *,
        on_conflict: OnConflict | str = OnConflict.ERROR,
        load: Names = (),
    ) -> Model:
        """Insert a row and return it as the database has it.

        Where a live row has its natural key: `error` raises Duplicate, `skip` returns that row as it is (get or
        create), `update` changes what the values say. Raises InvalidRows, MissingReference, Duplicate.
        """
        (found,) = await self.create_many(tx, [values], on_conflict=on_conflict, load=load)
        return found

    async def create_many(
        self,
        tx: Transaction,
        values: Iterable[Create | Changes],
        *,
        on_conflict: OnConflict | str = OnConflict.ERROR,
        load: Names = (),
    ) -> list[Model]:
        """Insert rows, 500 a statement, and return them in their order; for very many the job `bulk_insert` is quicker.

        Raises as `create` does; after an error all of the transaction is lost, unless it was within a savepoint.
        """
        rows, found = [row_of(one) for one in values], list[Model]()
        for start in range(0, len(rows), BATCH):
            try:
                found += await self._create(tx, rows[start : start + BATCH], OnConflict(on_conflict), load)
            except CounterfoilError as error:
                if start:
                    tx.lose(error)
                raise
        return found

    async def upsert(self, tx: Transaction, values: Create | Changes, *, load: Names = ()) -> Model:
        """Insert a row, or change the live row with its natural key to what the values say; returns that row."""
        return await self.create(tx, values, on_conflict=OnConflict.UPDATE, load=load)

    async def upsert_many(self, tx: Transaction, values: Iterable[Create | Changes]) -> Result:
        """Insert rows, or change the live rows with their natural keys; returns how many of each."""
        rows, result = [row_of(one) for one in values], Result()
        entity = self.entity(tx)
        for start in range(0, len(rows), BATCH):
            try:
                result += await insert_rows(tx, entity, rows[start : start + BATCH], OnConflict.UPDATE)
            except CounterfoilError as error:
                if start:
                    tx.lose(error)
                raise
        await refresh(tx, entity)
        return result

    async def update(
        self,
        tx: Transaction,
        row: int | Model,
        changes: Update | Changes,
        *,
        expected_version: int | None = None,
        load: Names = (),
    ) -> Model:
        """Change a live row and return it; a field that is not set stays as it is, one that is None becomes null.

        Raises NotFound, StaleVersion where the row has another version than the expected one, InvalidRows,
        MissingReference, Duplicate.
        """
        entity, said, ids = self.entity(tx), row_of(changes), ids_of(row)
        if said:
            wanted = command(
                domain.commands.Update,
                entity=entity.name,
                id=ids,
                changes=said,
                expected_version=expected_version,
            )
            await update_rows(tx, entity, wanted)
        (found,) = await self._read_back(tx, ids, load)
        return found

    async def update_where(
        self,
        tx: Transaction,
        changes: Update | Changes,
        *,
        where: Where = None,
        everything: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> Result:
        """Change all live rows that fit, set-based; those that are already as wanted are counted as skipped.

        Without a condition raises NoCondition, unless `everything` says that all rows are meant.
        """
        entity = self.entity(tx)
        selected = self.selected(tx, where, conditions, everything=everything, action="update_where")
        wanted = command(domain.commands.Update, entity=entity.name, changes=row_of(changes), **selected)
        result = await update_rows(tx, entity, wanted)
        await refresh(tx, entity)
        return result

    async def lock(  # noqa: PLR0913 - what a lock can say
        self,
        tx: Transaction,
        rows: Rows[Model] | None = None,
        *,
        where: Where = None,
        sort: Names = (),
        limit: int | None = None,
        skip_locked: bool = False,
        nowait: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> list[Model]:
        """Return live rows as they are now, locked against changes until the transaction ends (FOR UPDATE).

        Rows that others hold are waited for, left out with `skip_locked`, or refused with `nowait` (Locked; the
        transaction is then lost). Raises NotFound for ids without a live row that fits, unless with `skip_locked`.
        SQLite has one writer at a time, so that there the transaction itself is the lock.
        """
        ids = None if rows is None else ids_of(rows)
        check_number(self.entity(tx), "limit", limit, 0)
        query = self._query(tx, where, conditions, sort=sort).limit(limit)
        if ids is not None:
            query = query.where(among(self.model.id, possible(ids), dialect_of(tx.session)))  # type: ignore[arg-type]
        query = query.with_for_update(of=self.model, skip_locked=skip_locked, nowait=nowait)
        try:
            found = await tx.session.execute(query, execution_options={"populate_existing": True})
        except DBAPIError as error:
            if nowait and _is_locked(error):
                raise Locked(self.entity(tx).name) from None
            raise
        held = list(found.scalars())
        missing = set(ids or ()) - {row.id for row in held}
        if missing and not skip_locked and limit is None:
            raise NotFound(self.entity(tx).name, "id", tuple(sorted(missing)))
        return held

    def selected(
        self, tx: Transaction, where: Where, conditions: Changes, *, everything: bool, action: str
    ) -> dict[str, Any]:
        """Return which rows a set-based command is to change; raises NoCondition."""
        found = words(tx.entities, self.entity(tx), where, conditions)
        if not found and not everything:
            raise NoCondition(self.entity(tx).name, action)
        return {"where": found} if found else {"everything": True}

    async def _create(self, tx: Transaction, rows: Sequence[Row], on_conflict: OnConflict, load: Names) -> list[Model]:
        entity = self.entity(tx)
        result = await insert_rows(tx, entity, rows, on_conflict)
        inserted = result.ids.get("inserted", {}).get(entity.name, [])
        if len(inserted) == len(rows):  # ids are given in the order of the rows
            return await self._read_back(tx, inserted, load)
        key = str(entity.natural_key)
        wanted = [field_value(entity, key, key_value(entity, row[key])) for row in rows]  # type: ignore[arg-type]
        query = self._live(tx, load, include_deleted=False).execution_options(populate_existing=True)
        found = await scalars_among(tx.reader, query, getattr(self.model, key), wanted)
        by_key = {getattr(row, key): row for row in found}
        return [by_key[value] for value in wanted]

    async def _read_back(self, tx: Transaction, ids: Sequence[int], load: Names) -> list[Model]:
        query = self._live(tx, load, include_deleted=False).execution_options(populate_existing=True)
        found = await scalars_among(tx.reader, query, cast("Any", self.model).id, ids)
        by_id: dict[int, Model] = {row.id: row for row in found}
        if missing := [row_id for row_id in ids if row_id not in by_id]:
            raise NotFound(self.entity(tx).name, "id", tuple(missing))
        return [by_id[row_id] for row_id in ids]


_LOCK_NOT_AVAILABLE = {"55P03", 3572, 1205}
"""PostgreSQL's SQLSTATE, and the errno of MySQL and of MariaDB."""


def _is_locked(error: DBAPIError) -> bool:
    codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
    return not codes.isdisjoint(_LOCK_NOT_AVAILABLE)
