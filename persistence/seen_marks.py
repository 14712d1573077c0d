"""Which marks a bulk job has met in its source, kept in the database so that memory does not grow with the file."""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import text

from persistence.dialects import Dialect, dialect_of
from persistence.portable.marks import note
from persistence.transaction import Transaction

_MARKS = text("CREATE TEMPORARY TABLE IF NOT EXISTS counterfoil_mark (mark text PRIMARY KEY) ON COMMIT DROP")
_NOTE_MARKS = text(
    "INSERT INTO counterfoil_mark SELECT unnest(CAST(:marks AS text [])) ON CONFLICT DO NOTHING RETURNING mark"
)


LONGEST = 500
"""Characters of a mark that is noted as it is: an index takes some 2,700 bytes, and longer ones go by their digest."""


async def new_marks(tx: Transaction, marks: Sequence[str]) -> set[str]:
    """Note marks; return those that were not noted before."""
    noted = {_short(mark): mark for mark in marks}
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return {noted[mark] for mark in await note(tx, list(noted))}
    await tx.session.execute(_MARKS)
    found = await tx.session.execute(_NOTE_MARKS, {"marks": list(noted)})
    return {noted[mark] for mark in found.scalars()}


def _short(mark: str) -> str:
    return mark if len(mark) <= LONGEST else f"sha256 {sha256(mark.encode()).hexdigest()}"
