"""Marks that a bulk job has met, in a temporary table of its connection."""

from collections.abc import Sequence

from sqlalchemy import Column, MetaData, String, Table, delete, insert, select, text

from persistence.transaction import Transaction

_LONGEST = 512
_MARKS = Table("counterfoil_mark", MetaData(), Column("mark", String(_LONGEST), primary_key=True))
_MAKE = text(f"CREATE TEMPORARY TABLE IF NOT EXISTS counterfoil_mark (mark VARCHAR({_LONGEST}) PRIMARY KEY)")
_MADE = "counterfoil_mark"
PIECE = 5_000


async def note(tx: Transaction, marks: Sequence[str]) -> set[str]:
    """Note marks; return those that were not noted before in this transaction."""
    if _MADE not in tx.session.info:
        # The table outlives its transaction, as the connection does.
        await tx.session.execute(_MAKE)
        await tx.session.execute(delete(_MARKS))
        tx.session.info[_MADE] = True
    new: set[str] = set()
    for first in range(0, len(marks), PIECE):
        piece = marks[first : first + PIECE]
        known = set((await tx.session.execute(select(_MARKS.c.mark).where(_MARKS.c.mark.in_(piece)))).scalars())
        if fresh := [mark for mark in piece if mark not in known]:
            await tx.session.execute(insert(_MARKS), [{"mark": mark} for mark in fresh])
        new.update(fresh)
    return new
