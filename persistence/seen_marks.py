"""Which marks a bulk job has met in its source, kept in the database so that memory does not grow with the file."""

from collections.abc import Sequence

from sqlalchemy import text

from persistence.transaction import Transaction

_MARKS = text("CREATE TEMPORARY TABLE IF NOT EXISTS counterfoil_mark (mark text PRIMARY KEY) ON COMMIT DROP")
_NOTE_MARKS = text(
    "INSERT INTO counterfoil_mark SELECT unnest(CAST(:marks AS text [])) ON CONFLICT DO NOTHING RETURNING mark"
)


async def new_marks(tx: Transaction, marks: Sequence[str]) -> set[str]:
    """Note marks; return those that were not noted before."""
    await tx.session.execute(_MARKS)
    return set((await tx.session.execute(_NOTE_MARKS, {"marks": list(marks)})).scalars())
