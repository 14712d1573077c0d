"""One delivery of one job, executed without a queue."""

from collections.abc import Mapping

from pydantic import JsonValue

from persistence.sessions import Sessions
from worker.delivery import Delivery
from worker.execution import Execution
from worker.jobs.job import Job
from worker.outcome import Again, Ended, Succeeded


async def execute(job: Job, delivery: Delivery, *, sessions: Sessions, max_rows: int) -> Mapping[str, JsonValue]:
    """Return the job's result; raises what ended the job, and AssertionError where it would be tried again."""
    execution = Execution(sessions, "arq:queue", "tester", 60, max_rows, lambda: 0.0)
    match await execution.execute(job, delivery):
        case Succeeded(result):
            return result
        case Ended(error):
            raise error
        case Again(_, why):
            raise AssertionError(f"would be tried again: {why}")
