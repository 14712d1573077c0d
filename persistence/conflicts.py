"""Rows of a batch by what their unique key means: new, held by a row that is there, or said twice."""

from dataclasses import dataclass, field
from typing import Any

from domain.batch import Batch
from domain.commands import OnConflict
from domain.entities import EntityType
from persistence.holders import Holder, find_holders
from persistence.own_rows import OwnRows
from persistence.transaction import Transaction
from persistence.unique_keys import UniqueKey


@dataclass
class Sorted:
    """Places in a batch: `held` are to be updated, with the id of their row; `skipped` with the id of the row there."""

    new: list[int] = field(default_factory=list)
    held: dict[int, int] = field(default_factory=dict)
    skipped: list[tuple[int, int | None]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


async def sort_out(  # noqa: PLR0913, PLR0917 - all of it says what a key means
    tx: Transaction, entity: EntityType, key: UniqueKey, batch: Batch, on_conflict: OnConflict, own: OwnRows
) -> Sorted:
    """Return what becomes of each row of the batch: a key belongs to its first row in the source.

    A later row with the same key is skipped with `on_conflict` skip, and refused otherwise: it cannot mean both.
    """
    values = [batch.columns[column] for column in key.columns]
    keys = list(zip(*values, strict=True))
    holders = await find_holders(tx, entity, key, values, locked=on_conflict is OnConflict.UPDATE)
    found, first = Sorted(), dict[Any, int]()
    for number, value in enumerate(keys):
        shown = repr(value[0] if len(value) == 1 else value)
        if None in value:  # null is nobody's key
            found.new.append(number)
        elif value in first:
            _take_twin(found, number, f"{shown} stands in line {batch.lines[first[value]]} too", on_conflict)
        elif (holder := holders.get(number)) is None:
            first[value] = number
            found.new.append(number)
        elif (line := own.line_of(holder.id)) is not None:
            _take_twin(found, number, f"{shown} stands in line {line} too", on_conflict, holder.id)
        else:
            first[value] = number
            _take_held(found, holder, f"{entity.name} has {shown}", on_conflict)
    return found


def _take_twin(found: Sorted, number: int, why: str, on_conflict: OnConflict, row_id: int | None = None) -> None:
    if on_conflict is OnConflict.SKIP:
        found.skipped.append((number, row_id))
    else:
        found.refused.append((number, why))


def _take_held(found: Sorted, holder: Holder, whose: str, on_conflict: OnConflict) -> None:
    if holder.is_deleted:
        reason = f"a deleted {whose} (row {holder.id}), and the key is unique among deleted rows too; restore that row"
        found.refused.append((holder.number, reason))
    elif on_conflict is OnConflict.SKIP:
        found.skipped.append((holder.number, holder.id))
    elif on_conflict is OnConflict.UPDATE:
        found.held[holder.number] = holder.id
    else:
        found.refused.append((holder.number, f"a live {whose}"))
