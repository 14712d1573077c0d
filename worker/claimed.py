"""A claimed delivery, and what its payload says."""

from dataclasses import dataclass
from typing import Any

from arq.jobs import SerializationError, deserialize_job_raw
from arq.worker import Function, JobExecutionFailed, Worker

from worker.arq_context import Context


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed delivery: the payload (None: it has expired), its number, and the score at which it was due.

    `aborted_at` is when a client asked for its abort before it began. Times are ms since 1970.
    """

    id: str
    queue: str
    payload: bytes | None
    attempt: int
    score: int
    aborted_at: int | None = None


@dataclass(slots=True)
class Call:
    """What is known of a delivery, as far as it could be read, and is told in its result.

    `ctx` is the context of its call: None where its function was not called. Times are ms since 1970.
    """

    name: str = "<unknown>"
    positional: tuple[Any, ...] = ()
    arguments: dict[str, Any] | None = None
    enqueued_ms: int = 0
    attempt: int = 1
    started_ms: int = 0
    ctx: Context | None = None


def read(worker: Worker, job: Claimed, call: Call) -> Function:
    """Read the payload into `call`, and return its function; raises JobExecutionFailed where it is not to be called."""
    if job.payload is None:
        raise JobExecutionFailed("job expired")
    try:
        call.name, call.positional, call.arguments, sent_try, call.enqueued_ms = deserialize_job_raw(
            job.payload, deserializer=worker.job_deserializer
        )
    except SerializationError as error:
        raise JobExecutionFailed("the job cannot be read") from error
    call.attempt = max(call.attempt, sent_try or 0)
    try:
        function = worker.functions[call.name]
    except KeyError:
        raise JobExecutionFailed(f"function {call.name!r} not found") from None
    most = worker.max_tries if function.max_tries is None else function.max_tries
    if call.attempt > most:
        raise JobExecutionFailed(f"max {most} retries exceeded")
    return function  # type: ignore[return-value]
