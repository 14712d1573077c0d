"""Refused records, kept beside their job's row."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select
from sqlmodel import col

from domain.reject import RAW_KEPT, Reject
from domain.storable import storable
from persistence.bulk_table import RejectRow
from persistence.dialects import Dialect, dialect_of
from persistence.reader import Reader
from persistence.session import WriteSession
from persistence.statements import sentence

REASON_KEPT = 2_000
"""Characters of a reject's reason, and of its field, that are kept."""

PAGE = 1_000
"""Rejects of one statement: with records as long as they are kept, 65 million characters."""


async def keep_rejects(session: WriteSession, job_id: str, rejects: Sequence[Reject]) -> None:
    """Keep refused records of a job that has a row, in the session's transaction.

    All problems of a line come in one call. What PostgreSQL cannot store is written as escapes, and long texts are cut.
    """
    rows = list(_rows(rejects))
    for first in range(0, len(rows), PAGE):
        if dialect_of(session) is not Dialect.POSTGRESQL:
            page = [{"job_id": job_id, **row._asdict()} for row in rows[first : first + PAGE]]
            await session.execute(insert(RejectRow), page)
            continue
        lines, numbers, fields, messages, raws, headers = map(list, zip(*rows[first : first + PAGE], strict=True))
        values = {"lines": lines, "numbers": numbers, "fields": fields, "messages": messages}
        await session.execute(sentence("keep_rejects"), {"job_id": job_id, **values, "raws": raws, "headers": headers})


async def rejects_of(read: Reader, job_id: str, *, limit: int | None = None) -> AsyncIterator[Reject]:
    """Yield the refused records of a job by line, the first `limit` or all; problems of a line follow each other."""
    columns = (col(RejectRow.line), col(RejectRow.field), col(RejectRow.message), col(RejectRow.raw))
    query = select(*columns, col(RejectRow.header)).where(col(RejectRow.job_id) == job_id)
    ordered = query.order_by(col(RejectRow.line), col(RejectRow.number)).limit(limit)
    raw = header = ""
    async for line, field, message, own_raw, own_header in read.stream(ordered, PAGE):
        raw = raw if own_raw is None else own_raw
        header = header if own_header is None else own_header
        yield Reject(line, field, message, raw, header)


async def header_of(read: Reader, job_id: str) -> str | None:
    """Return the header of a job's refused records, empty where they are JSON, or None where there are none."""
    first = select(col(RejectRow.header)).where(col(RejectRow.job_id) == job_id)
    found = await read.scalars(first.order_by(col(RejectRow.line), col(RejectRow.number)).limit(1))
    return (found[0] or "") if found else None


async def count_rejects(read: Reader, job_id: str) -> int:
    """Return how many problems of refused records are kept of a job."""
    query = select(func.count()).select_from(RejectRow).where(col(RejectRow.job_id) == job_id)
    return (await read.scalars(query))[0]


async def clear_rejects(session: WriteSession, job_id: str) -> None:
    """Remove the refused records of a job, in the session's transaction: a later attempt has ended."""
    await session.execute(delete(RejectRow).where(col(RejectRow.job_id) == job_id))


class _Row(NamedTuple):
    line: int
    number: int
    field: str
    message: str
    raw: str | None
    header: str | None


def _rows(rejects: Sequence[Reject]) -> Iterator[_Row]:
    """Yield the rows by line, in which the record and the header of the row before are not said again."""
    before: Reject | None = None
    number = 0
    for one in sorted(rejects, key=lambda reject: reject.line):
        number = number + 1 if before and before.line == one.line else 0
        raw = None if before and number and before.raw == one.raw else _cut(one.raw, RAW_KEPT)
        header = None if before and before.header == one.header else _cut(one.header, RAW_KEPT)
        yield _Row(one.line, number, _cut(one.field, REASON_KEPT), _cut(one.reason, REASON_KEPT), raw, header)
        before = one


def _cut(text: str, length: int) -> str:
    return storable(text[:length])[:length]
