"""Jobs that an operator's action takes: locked, and changed together with their audit rows."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, Table, Text, func, select
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from domain.errors import AuditMismatch, JobsRefused, Problem
from domain.job import JobState
from persistence.dialects import Dialect, dialect_of
from persistence.job_filter import JobFilter
from persistence.job_table import JobRow
from persistence.portable.operators import change_jobs
from persistence.statements import statement
from persistence.transaction import Transaction

JOB = str(JobRow.__tablename__)
"""What audit rows of operators' actions name as their entity."""


class Chosen(NamedTuple):
    """A locked job, without its arguments."""

    id: str
    queue: str
    name: str
    actor: str


def among(tx: Transaction, ids: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a job is one of these, in one parameter: a statement takes 32,767 at most."""
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return col(JobRow.id).in_(ids)
    return col(JobRow.id) == func.any(cast_sql(list(ids), ARRAY(Text)))


async def lock_ids(tx: Transaction, ids: Sequence[str], state: JobState) -> list[Chosen]:
    """Return and lock those of the jobs that are in the state; what somebody else has locked is passed over."""
    return await _lock(tx, [JobFilter(state).conditions()[0], among(tx, ids)], len(ids))


async def lock_fitting(tx: Transaction, which: JobFilter, after: str, limit: int) -> list[Chosen]:
    """Return and lock up to `limit` jobs that fit and whose id comes after the given one, by id."""
    return await _lock(tx, [*which.conditions(), col(JobRow.id) > after], limit)


async def change(tx: Transaction, source: str, ids: Sequence[str]) -> None:
    """Run the sentence of `source.sql` on locked jobs.

    Raises AuditMismatch unless as many were audited as were written, and as many were written as were locked.
    """
    if dialect_of(tx.session) is Dialect.POSTGRESQL:
        table = cast("Table", JobRow.__table__)  # type: ignore[attr-defined]
        written = (await tx.write(JOB, statement(source, table=table), {"ids": list(ids)}))["written"]
    else:
        written = await change_jobs(tx, source, ids)
    if written != len(ids):
        raise AuditMismatch(JOB, written=written, audited=len(ids))


async def refuse_others(tx: Transaction, action: str, ids: Sequence[str], needed: JobState, busy: str) -> None:
    """Raise JobsRefused for jobs that could not be locked, each with its state; `busy` is said of locked ones."""
    if not ids:
        return
    query = select(col(JobRow.id), col(JobRow.state)).where(among(tx, ids))
    states = {row[0]: row[1] for row in (await tx.session.execute(query)).all()}
    raise JobsRefused(action, tuple(_refusal(job_id, states.get(job_id), needed, busy) for job_id in ids))


def _refusal(job_id: str, state: str | None, needed: JobState, busy: str) -> Problem:
    if state is None:
        why = "there is no such job in the job table"
    elif state == needed:
        why = busy
    else:
        why = f"is {state}; only what is {needed} can be taken"
    return Problem(None, f"job {job_id!r}", why)


async def _lock(tx: Transaction, conditions: Sequence[object], limit: int) -> list[Chosen]:
    query = (
        select(col(JobRow.id), col(JobRow.queue), col(JobRow.name), col(JobRow.actor))
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(col(JobRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Chosen(*row) for row in (await tx.session.execute(query)).all()]
