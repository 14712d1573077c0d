"""What a service deletes, brings back, and deletes for good."""

from datetime import timedelta
from typing import Any

import domain.commands
from domain.errors import InvalidCommand, Problem
from domain.result import Result
from persistence.purge import purge_ids, purge_rows
from persistence.restore import restore_rows
from persistence.services.bound import Create, Model, Rows, Update
from persistence.services.conditions import Where
from persistence.services.writes import Writes
from persistence.services.written import command, refresh
from persistence.soft_delete import soft_delete_rows
from persistence.transaction import Transaction


class Deletion(Writes[Model, Create, Update]):
    """Soft deletes and what follows them."""

    async def soft_delete(
        self, tx: Transaction, rows: Rows[Model], *, cascade: bool = False, expected_version: int | None = None
    ) -> Result:
        """Mark live rows as deleted, with `cascade` also what they own along the foreign keys, level by level.

        Raises NotFound; InUse where a row owns live rows and `cascade` is off; StaleVersion where one of the rows has
        another version than the expected one.
        """
        entity = self.entity(tx)
        wanted = command(
            domain.commands.SoftDelete,
            entity=entity.name,
            id=self._ids(rows),
            cascade=cascade,
            expected_version=expected_version,
        )
        return await self._deleted(tx, wanted)

    async def soft_delete_where(
        self,
        tx: Transaction,
        *,
        where: Where = None,
        cascade: bool = False,
        everything: bool = False,
        expected_version: int | None = None,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> Result:
        """Mark all live rows that fit as deleted; raises InUse, NoCondition and StaleVersion as `update_where` does."""
        entity = self.entity(tx)
        selected = self.selected(tx, where, conditions, everything=everything, action="soft_delete_where")
        said = {"cascade": cascade, "expected_version": expected_version}
        wanted = command(domain.commands.SoftDelete, entity=entity.name, **said, **selected)
        return await self._deleted(tx, wanted)

    async def restore(
        self,
        tx: Transaction,
        rows: Rows[Model] | None = None,
        *,
        cascade: bool = False,
        job_id: str | None = None,
        expected_version: int | None = None,
    ) -> Result:
        """Bring deleted rows back; rows that live already are skipped.

        `rows` alone brings back these. With `cascade` all that the same transaction deleted returns with them, of
        every entity. `job_id` brings back exactly what that job deleted and that is deleted since then.
        Raises NotFound; CannotRestore where a live row has the key, or an owner stays deleted; StaleVersion where one
        of the rows has another version than the expected one.
        """
        said: dict[str, Any] = {"expected_version": expected_version}
        if job_id is not None:
            said |= {"job_id": job_id, **({} if rows is None else {"id": self._ids(rows)})}
        else:
            said |= {"entity": self.entity(tx).name, "id": self._ids(rows or ()), "cascade": cascade}
        wanted = command(domain.commands.Restore, **said)
        result = await restore_rows(tx, wanted)
        await self._refresh_all(tx)
        return result

    async def purge(
        self,
        tx: Transaction,
        rows: Rows[Model] | None = None,
        *,
        older_than: timedelta | None = None,
        limit: int = 10_000,
        dry_run: bool = False,
    ) -> Result:
        """Delete soft-deleted rows for good: these, or all entities' that were deleted longer ago than `older_than`.

        Rows go in the order that foreign keys ask for. Of given rows one to which any row refers raises InUse; by age
        such rows stay. With `dry_run` the work is done and taken back: the result counts, its notes by entity.
        Raises NotFound for ids that have no deleted row.
        """
        if (rows is None) == (older_than is None):
            raise InvalidCommand("purge", (Problem(None, "", "say either rows, or older_than"),))
        if older_than is None:
            result = await purge_ids(tx, self.entity(tx), self._ids(rows or ()), dry_run=dry_run)
        else:
            days = older_than / timedelta(days=1)
            wanted = command(domain.commands.Purge, retention_days=days, limit=limit, dry_run=dry_run)
            result = await purge_rows(tx, wanted)
        await self._refresh_all(tx)
        return result

    async def _deleted(self, tx: Transaction, wanted: domain.commands.SoftDelete) -> Result:
        result = await soft_delete_rows(tx, self.entity(tx), wanted)
        await self._refresh_all(tx)
        return result

    @staticmethod
    async def _refresh_all(tx: Transaction) -> None:
        for entity in tx.entities.values():
            await refresh(tx, entity)
