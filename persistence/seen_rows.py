"""What a bulk job has met before in its source, kept in the database so that memory does not grow with the file."""

from collections.abc import Sequence

from sqlalchemy import text

from persistence.transaction import Transaction

_ROWS = text("CREATE TEMPORARY TABLE IF NOT EXISTS counterfoil_row (id bigint PRIMARY KEY, line bigint) ON COMMIT DROP")
_NOTE_ROWS = text(
    "INSERT INTO counterfoil_row SELECT * FROM unnest(CAST(:ids AS bigint []), CAST(:lines AS bigint []))"
    " ON CONFLICT (id) DO NOTHING"
)
_EARLIER = text(
    "SELECT met.id, met.line FROM counterfoil_row AS met"
    " JOIN unnest(CAST(:ids AS bigint []), CAST(:lines AS bigint [])) AS now (id, line) USING (id)"
    " WHERE met.line <> now.line"
)
_MARKS = text("CREATE TEMPORARY TABLE IF NOT EXISTS counterfoil_mark (mark text PRIMARY KEY) ON COMMIT DROP")
_NOTE_MARKS = text(
    "INSERT INTO counterfoil_mark SELECT unnest(CAST(:marks AS text [])) ON CONFLICT DO NOTHING RETURNING mark"
)


async def earlier_lines(tx: Transaction, ids: Sequence[int], lines: Sequence[int]) -> dict[int, int]:
    """Note the lines that mean these rows; return, by the row's id, the earlier line where another has meant it."""
    noted = {"ids": list(ids), "lines": list(lines)}
    await tx.session.execute(_ROWS)
    await tx.session.execute(_NOTE_ROWS, noted)
    return {row[0]: row[1] for row in (await tx.session.execute(_EARLIER, noted)).all()}


async def new_marks(tx: Transaction, marks: Sequence[str]) -> set[str]:
    """Note marks; return those that were not noted before."""
    await tx.session.execute(_MARKS)
    return set((await tx.session.execute(_NOTE_MARKS, {"marks": list(marks)})).scalars())
