"""The related rows of a bulk job: looked up by batches, locked against deletion, created where the job asks for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.batch import Batch
from domain.commands import OnConflict, Row
from domain.entities import EntityType, Reference
from domain.reject import Reject
from domain.result import Result
from domain.rows import check_rows
from persistence.insert import insert_rows
from persistence.references import lock_alive
from persistence.transaction import Transaction

REMEMBERED = 50_000
"""Related rows that are remembered for each foreign key, some 5 MB: most files name few of them, again and again."""


@dataclass
class RelatedRows:
    """Turns what rows say of related rows into ids; `create` names the references whose missing rows are created."""

    tx: Transaction
    entity: EntityType
    create: Sequence[str] = ()
    created: Result = field(default_factory=Result)
    _known: dict[tuple[str, str], dict[Any, int]] = field(default_factory=dict)

    async def settle(self, batch: Batch) -> tuple[Batch, list[Reject]]:
        """Return the rows with the ids of their related rows, without those whose related row is missing or deleted."""
        rejects: dict[int, Reject] = {}
        columns = dict(batch.columns)
        for reference in self.entity.references.values():
            if reference.target not in self.tx.entities or reference.column not in columns:
                continue
            if reference.column in batch.keys:
                columns[reference.column] = await self._by_key(batch, reference, rejects)
            await self._refuse_missing(batch, reference, columns[reference.column], rejects)
        return replace(batch, columns=columns, keys={}).without(rejects), list(rejects.values())

    async def _refuse_missing(
        self, batch: Batch, reference: Reference, ids: Sequence[int | None], rejects: dict[int, Reject]
    ) -> None:
        """Refuse rows whose related row, given by its id, is not there; hold those that are."""
        target = self.tx.entities[reference.target]
        wanted = set(ids) - {None}
        if not wanted or wanted <= (alive := await self._look_up(target, "id", wanted)).keys():
            return
        for number, row_id in enumerate(ids):
            if row_id is not None and row_id not in alive:
                reason = f"no live {target.name} {row_id!r}"
                rejects.setdefault(number, batch.reject(number, reference.column, reason))

    async def _by_key(self, batch: Batch, reference: Reference, rejects: dict[int, Reject]) -> list[int | None]:
        """Return the column's ids, those of related rows that are named by their natural key looked up, or created."""
        target, column = self.tx.entities[reference.target], reference.column
        name, keys = f"{reference.name}.{target.natural_key}", batch.keys[column]
        known = await self._look_up(target, str(target.natural_key), set(keys) - {None})
        if reference.name in self.create:
            known = await self._with_created(batch, reference, keys, known, rejects)
        found: list[int | None] = []
        for number, (row_id, key) in enumerate(zip(batch.columns[column], keys, strict=True)):
            if key is not None and key not in known:
                rejects.setdefault(number, batch.reject(number, name, f"no live {target.name} {key!r}"))
                found.append(None)
            else:
                found.append(row_id if key is None else known[key])
        return found

    async def _look_up(self, target: EntityType, column: str, wanted: Iterable[Any]) -> dict[Any, int]:
        """Return the ids of live rows by a column, each locked against deletion until the transaction ends."""
        known = self._known.setdefault((target.name, column), {})
        if len(known) > REMEMBERED:
            known.clear()
        if asked := [value for value in wanted if value not in known]:
            known.update(await lock_alive(self.tx, target, column, asked))
        return known

    async def _with_created(
        self, batch: Batch, reference: Reference, keys: Sequence[Any], known: dict[Any, int], rejects: dict[int, Reject]
    ) -> dict[Any, int]:
        target = self.tx.entities[reference.target]
        said = batch.parents.get(reference.column) or [{}] * len(batch)
        first: dict[Any, int] = {}  # of the rows that name it, the first of those that say most of it
        for number, key in enumerate(keys):
            if key is not None and key not in known and len(said[number]) > len(said[first.setdefault(key, number)]):
                first[key] = number
        if not first:
            return known
        rows: list[Row] = [{str(target.natural_key): key, **said[number]} for key, number in first.items()]
        checked = check_rows(self.tx.entities, target, rows)
        reasons = {list(first)[problem.row or 0]: problem for problem in checked.refused}
        if good := [row for row, key in zip(rows, first, strict=True) if key not in reasons]:
            self.created += await insert_rows(self.tx, target, good, OnConflict.SKIP)
        for number, key in enumerate(keys):
            if key in reasons:
                problem = reasons[key]
                rejects[number] = batch.reject(number, f"{reference.name}.{problem.field}", problem.message)
        return await self._look_up(target, str(target.natural_key), first.keys() - reasons.keys())
