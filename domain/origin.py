"""Who asked for a write, and why: every audited row carries it."""

from pydantic import BaseModel, ConfigDict, Field

from domain.storable import StorableText


class Origin(BaseModel):
    """The source of a transaction.

    `actor` names the person or service that asked; `request_id` ties the write to the caller's own request,
    `reason` says why in words, `job_id` is the job that made the write (None outside a job).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: StorableText = Field(min_length=1, max_length=200)
    request_id: StorableText | None = Field(default=None, max_length=200)
    reason: StorableText | None = Field(default=None, max_length=2000)
    job_id: StorableText | None = Field(default=None, max_length=200)
