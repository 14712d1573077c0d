"""Rows inserted behind a savepoint: those that the table refuses are found out, and do not cost their neighbours."""

from dataclasses import dataclass, field

from sqlalchemy.exc import DataError, DBAPIError

from domain.batch import Batch
from domain.entities import EntityType
from domain.reject import Reject
from persistence.classification import told
from persistence.copy_rows import NewIds, copy_rows
from persistence.dialects import Dialect, dialect_of
from persistence.pinpoint import Fault, pinpoint
from persistence.portable import row_errors as portable
from persistence.portable.bulk_rows import try_rows
from persistence.transaction import Transaction
from persistence.unique_keys import UniqueKey

# PostgreSQL manual, appendix A: data exceptions, violated constraints, what a trigger raises without a code of its own,
# and a row or a key that is too long for a page. Anything else says nothing against a row.
_ABOUT_ROWS = ("22", "23", "P0001", "54000")


@dataclass
class Tried:
    """What became of rows: the new ids with their lines, what was refused, and rows whose `key` was taken meanwhile."""

    again: Batch
    ids: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


async def insert_tried(new: NewIds, batch: Batch, key: UniqueKey | None) -> Tried:
    """Insert the rows that the table takes; with `key`, a row whose key is taken is not refused but is to come again.

    A refused COPY names one row. So all constraints are asked about all rows at once, and where none knows, as with a
    trigger of the table's own, halves are tried.
    """
    tx, entity = new.tx, new.entity
    tried = Tried(batch.only([]))
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        await try_rows(tx, entity, batch, key, tried)
        return tried
    left, ids = batch, await new.take(len(batch))
    places, again = list(range(len(batch))), list[int]()  # in the batch: of what is left, and of what is to come again
    while len(left):
        ids = ids[: len(left)]
        error = await _insert(tx, entity, left, ids, tried)
        if error is None:
            return tried
        faults = await pinpoint(tx, entity, left)
        if not faults:
            await _insert_halves(new, left, ids, error, tried)
            return tried
        taken = [number for number, found in faults.items() if key is not None and _is_taken(found, key)]
        again += [places[number] for number in taken]
        tried.again = batch.only(sorted(again))
        for number, found in faults.items():
            if number not in taken:
                tried.rejects += [left.reject(number, fault.column, fault.reason) for fault in found]
        left = left.without(faults)
        places = [place for number, place in enumerate(places) if number not in faults]
    return tried


async def _insert(tx: Transaction, entity: EntityType, batch: Batch, ids: list[int], tried: Tried) -> DBAPIError | None:
    """Insert all of the rows; returns why the table refuses one of them."""
    try:
        async with tx.session.begin_nested():
            kept = await copy_rows(tx, entity, ids, batch)
    except DBAPIError as error:
        if not is_about_rows(error):
            raise
        return error
    if len(kept) < len(ids):
        places = {row_id: number for number, row_id in enumerate(ids)}
        out = sorted(places.keys() - set(kept))
        tried.rejects += [batch.reject(places[row_id], "", "a trigger of the table has kept it out") for row_id in out]
        batch = batch.without(places[row_id] for row_id in out)
    tried.ids += kept
    tried.lines += batch.lines
    return None


async def _insert_halves(new: NewIds, batch: Batch, ids: list[int], error: DBAPIError, tried: Tried) -> None:
    if len(batch) == 1:
        tried.rejects.append(batch.reject(0, "", told(error)))
        return
    middle = len(batch) // 2
    for part in (range(middle), range(middle, len(batch))):
        half, theirs = batch.only(part), ids[part.start : part.stop]
        if (found := await _insert(new.tx, new.entity, half, theirs, tried)) is not None:
            await _insert_halves(new, half, theirs, found, tried)


def is_about_rows(error: DBAPIError) -> bool:
    """Tell whether the database, or the driver, refused a row for what it says."""
    if error.orig is not None and not hasattr(error.orig, "sqlstate"):
        return portable.is_about_rows(error)
    state = str(getattr(error.orig, "sqlstate", None) or "")
    # Without a SQLSTATE a value could not be written, or the server was lost, of which SQLAlchemy has several errors.
    return state.startswith(_ABOUT_ROWS) if state else isinstance(error, DataError)


def _is_taken(faults: list[Fault], key: UniqueKey) -> bool:
    return all(fault.unique is not None and fault.unique.is_same(key) for fault in faults)
