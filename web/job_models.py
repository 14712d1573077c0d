"""What answers show of a job."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from domain.job import JobState
from domain.result import Result
from persistence.job_list import JobLine
from persistence.job_table import JobRow

_ID = Field(examples=["import-2026-05"])
_RESULT = Result(updated=2, ids={"update": {"task": [7, 8]}}).model_dump(mode="json", exclude_defaults=True)


class AcceptedJob(BaseModel):
    """A job that is in the table; `is_new` is false where the same one was there already."""

    id: str = _ID
    job: str = Field(examples=["update"])
    state: JobState = JobState.QUEUED
    is_new: bool


class JobInShort(BaseModel):
    """A job in a list; `error` is the last one."""

    id: str = _ID
    job: str
    state: JobState
    actor: str
    attempt: int
    max_attempts: int
    enqueued_at: datetime
    error: str | None = None

    @classmethod
    def of(cls, line: JobLine) -> Self:
        """Return what is shown of a line."""
        return cls.model_validate(line, from_attributes=True)


class JobPage(BaseModel):
    """Jobs, the newest first; `next` is the cursor of the next page, null at the end."""

    items: list[JobInShort]
    next: str | None = None


class FailedAttempt(BaseModel):
    """One attempt that failed."""

    at: datetime | None = None
    attempt: int | None = None
    error: str = ""
    message: str = ""


class JobEnd(BaseModel):
    """How a job ended, as its last event tells it."""

    state: JobState
    attempt: int
    result: dict[str, Any] | None
    errors: list[FailedAttempt]


class JobRead(BaseModel):
    """A job; `arguments` are shown to the actor alone who sent it, since they may hold what others must not read."""

    id: str = _ID
    job: str
    state: JobState
    queue: str
    actor: str
    request_id: str | None
    reason: str | None
    attempt: int
    max_attempts: int
    enqueued_at: datetime
    run_at: datetime
    dispatched_at: datetime | None
    finished_at: datetime | None
    errors: list[FailedAttempt]
    result: dict[str, Any] | None = Field(description="What was written, by counts and ids.", examples=[_RESULT])
    arguments: dict[str, Any] | None

    @classmethod
    def of(cls, row: JobRow, *, asker: str | None) -> Self:
        """Return what is shown of a row to the actor who asks."""
        names = [name for name in cls.model_fields if name not in {"job", "arguments"}]
        shown = {name: getattr(row, name) for name in names}
        return cls(**shown, job=row.name, arguments=row.arguments if row.actor == asker else None)
