"""Bulk insert: new rows by COPY, rows whose key is held by the command's rule for conflicts."""

from dataclasses import dataclass, field

from domain.batch import Batch
from domain.commands import BulkInsert, OnConflict, OnInvalid
from domain.entities import Entities, EntityType
from domain.errors import Duplicate, InvalidRows, Problem, UnknownName
from domain.reject import Fate, RowFate
from domain.result import IDS_KEPT, Result, counted
from domain.row_runs import runs_of
from persistence.bulk import BulkWrite
from persistence.conflicts import Sorted, sort_out
from persistence.copy_rows import NewIds
from persistence.dialects import Dialect, dialect_of
from persistence.own_rows import OwnRows
from persistence.refusals import Refusals
from persistence.related_rows import RelatedRows
from persistence.transaction import Transaction
from persistence.tried_rows import insert_tried
from persistence.unique_keys import UniqueKey, unique_key

ATTEMPTS = 5
"""How often a batch starts over when rows with its keys appear or vanish in other transactions meanwhile."""


@dataclass
class BulkLoad(BulkWrite):
    """A bulk insert on its way; `key` decides what a conflict is."""

    command: BulkInsert
    key: UniqueKey | None = None
    own: OwnRows = field(default_factory=OwnRows)

    def __post_init__(self) -> None:
        """Make what reserves ids."""
        self.new = NewIds(self.tx, self.entity)

    async def write(self, batch: Batch) -> None:
        """Insert the new rows, and skip, update or refuse those whose key is held."""
        # With error and abort a holder is not likely: the table itself says no, and then it is told whose key it is.
        # Elsewhere it says so of a statement and not of a row, so that it is asked before.
        is_plain = self.command.on_conflict is OnConflict.ERROR and self.command.on_invalid is OnInvalid.ABORT
        is_sure = is_plain and dialect_of(self.tx.session) is Dialect.POSTGRESQL
        left = batch
        for attempt in range(ATTEMPTS):
            if not len(left):
                return
            left = await self._write_once(left, is_asked=attempt > 0 or not is_sure)
        if len(left):
            found = tuple(Problem(line - 1, str(self.key), "appears and vanishes") for line in left.lines)
            raise Duplicate(self.entity.name, str(self.key), found)

    async def _write_once(self, batch: Batch, *, is_asked: bool) -> Batch:
        """Write what can be written now; returns the rows whose keys were taken when nobody had looked for holders."""
        found = Sorted(new=list(range(len(batch))))
        if is_asked and self.key is not None:
            found = await sort_out(self.tx, self.entity, self.key, batch, self.command.on_conflict, self.own)
        await self.refuse([batch.reject(number, str(self.key), why) for number, why in found.refused])
        self.runs += runs_of([RowFate(batch.lines[number], Fate.SKIPPED, row_id) for number, row_id in found.skipped])
        self.result += Result(skipped=len(found.skipped))
        again = await self._insert(batch.only(found.new))
        await self.change(batch, found.held, key=self.key.columns if self.key else ())
        return again

    async def _insert(self, batch: Batch) -> Batch:
        if not len(batch):
            return batch
        tried = await insert_tried(self.new, batch, self.key)
        await self.refuse(tried.rejects)
        self.own.add(tried.ids, tried.lines)
        self.note(Fate.INSERTED, tried.lines, tried.ids)
        self.result += counted("inserted", self.entity.name, len(tried.ids), tried.ids[:IDS_KEPT])
        return tried.again


def conflict_key(entities: Entities, entity: EntityType, command: BulkInsert) -> UniqueKey | None:
    """Return the key that decides what a conflict is; raises InvalidRows, UnknownName where the entity cannot."""
    key = unique_key(entity, command.conflict_on)
    if key is None and command.on_conflict is not OnConflict.ERROR:
        problem = Problem(None, "on_conflict", f"{entity.name} has no natural key; only error is possible")
        raise InvalidRows(entity.name, (problem,))
    for name in command.create_missing:
        reference = entity.references.get(name)
        if reference is None or reference.target not in entities or entities[reference.target].natural_key is None:
            raise UnknownName("reference with a natural key", name, tuple(entity.references))
    return key


def bulk_load(tx: Transaction, entity: EntityType, command: BulkInsert, job_id: str | None) -> BulkLoad:
    """Return the bulk insert that a command asks for; raises InvalidRows, UnknownName where the entity cannot."""
    key = conflict_key(tx.entities, entity, command)
    related = RelatedRows(tx, entity, command.create_missing)
    return BulkLoad(tx, entity, command, job_id, related, Refusals(tx, command, job_id), key=key)
