"""Who asked for a write, and why: every audited row carries it."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from domain.storable import refuse_unstorable

# Before the length is judged: Pydantic cannot count the characters of half a surrogate pair.
_STORABLE = BeforeValidator(refuse_unstorable)


class Origin(BaseModel):
    """The source of a transaction.

    `actor` names the person or service that asked; `request_id` ties the write to the caller's own request,
    `reason` says why in words, `job_id` is the job that made the write (None outside a job).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: Annotated[str, Field(min_length=1, max_length=200), _STORABLE]
    request_id: Annotated[str, Field(max_length=200), _STORABLE] | None = None
    reason: Annotated[str, Field(max_length=2000), _STORABLE] | None = None
    job_id: Annotated[str, Field(max_length=200), _STORABLE] | None = None
