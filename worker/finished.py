"""What a delivery that has ended leaves in Redis: arq's result, for as long as its function or worker says."""

from time import time
from typing import Any

from arq.jobs import serialize_result
from arq.worker import Worker

from worker.acknowledgements import Finished
from worker.claimed import Call, Claimed


def finished(worker: Worker, job: Claimed, call: Call, result: Any, *, success: bool) -> Finished:  # noqa: ANN401
    """Count the end of a delivery, and return what is to be told of it; `result` may be an error."""
    worker.jobs_complete += success
    worker.jobs_failed += not success
    kept_ms = _kept_ms(worker, call)
    if kept_ms is None:
        return Finished(job.id, job.queue)
    written = serialize_result(
        call.name,
        call.positional,
        call.arguments or {},
        call.attempt,
        call.enqueued_ms,
        success,
        result,
        call.started_ms,
        now_ms(),
        f"{job.id}:{call.name}",
        job.queue,
        job.id,
        serializer=worker.job_serializer,
    )
    return Finished(job.id, job.queue, written or b"", kept_ms)


def _kept_ms(worker: Worker, call: Call) -> int | None:
    """Return for how many ms a result is kept, 0 for ever, None not at all: the function's word before the worker's."""
    function = worker.functions.get(call.name)
    for_ever, keep = getattr(function, "keep_result_forever", None), getattr(function, "keep_result_s", None)
    if worker.keep_result_forever if for_ever is None else for_ever:
        return 0
    seconds = worker.keep_result_s if keep is None else keep
    return int(seconds * 1000) if seconds else None


def now_ms() -> int:
    """Return the time in ms since 1970, as arq writes it."""
    return int(time() * 1000)
