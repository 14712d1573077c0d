"""What a service writes, through the functions that the jobs use: each write with its audit rows, and no commit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import domain.commands
from domain.commands import OnConflict, Row
from domain.errors import CounterfoilError, NoCondition, NotFound, StaleVersion, UnknownName
from domain.result import Result
from domain.rows import field_value, key_value
from persistence.insert import insert_rows
from persistence.rows_among import scalars_among
from persistence.services.bound import Create, Model, Names, Update, possible
from persistence.services.conditions import Where, words
from persistence.services.locks import Locks
from persistence.services.written import command, refresh, row_of
from persistence.transaction import Transaction
from persistence.update import update_rows

BATCH = 500
"""Rows of one statement: below the 1,000 ids that a result names."""

Changes = Mapping[str, Any]


class Writes(Locks[Model, Create, Update]):
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
        if on_conflict not in set(OnConflict):
            raise UnknownName("on_conflict", on_conflict, tuple(known.value for known in OnConflict))
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
        entity, said, ids = self.entity(tx), row_of(changes), self._ids(row)
        if said:
            wanted = command(
                domain.commands.Update,
                entity=entity.name,
                id=ids,
                changes=said,
                expected_version=expected_version,
            )
            await update_rows(tx, entity, wanted)
        elif expected_version is not None:
            (held,) = await self.lock(tx, ids)
            if held.version != expected_version:
                raise StaleVersion(entity.name, held.id, expected=expected_version, actual=held.version)
        (found,) = await self._read_back(tx, ids, load)
        return found

    async def update_where(
        self,
        tx: Transaction,
        changes: Update | Changes,
        *,
        where: Where = None,
        everything: bool = False,
        expected_version: int | None = None,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> Result:
        """Change all live rows that fit, set-based; those that are already as wanted are counted as skipped.

        Without a condition raises NoCondition, unless `everything` says that all rows are meant; StaleVersion where
        one of the rows has another version than the expected one.
        """
        entity = self.entity(tx)
        selected = self.selected(tx, where, conditions, everything=everything, action="update_where")
        said = {"changes": row_of(changes), "expected_version": expected_version}
        wanted = command(domain.commands.Update, entity=entity.name, **said, **selected)
        result = await update_rows(tx, entity, wanted)
        await refresh(tx, entity)
        return result

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
        found = await scalars_among(tx.reader, query, cast("Any", self.model).id, possible(ids))
        by_id: dict[int, Model] = {row.id: row for row in found}
        if missing := [row_id for row_id in ids if row_id not in by_id]:
            raise NotFound(self.entity(tx).name, "id", tuple(missing))
        return [by_id[row_id] for row_id in ids]
