"""The jobs, in explicit lists: those that senders may ask for, and those that schedules run beside them."""

from worker.jobs import bulk_insert, bulk_update, prune, purge, restore, soft_delete, update
from worker.jobs.job import Job

JOBS: tuple[Job, ...] = (bulk_insert.JOB, bulk_update.JOB, update.JOB, soft_delete.JOB, restore.JOB)

SCHEDULED: tuple[Job, ...] = (purge.JOB, prune.JOB)
"""Jobs that delete: a worker runs them, but no door of Python's or the shell's offers them to senders."""

ATTEMPTS = {job.name: job.policy.max_attempts for job in (*JOBS, *SCHEDULED)}
"""How often each job is tried, by its name."""

MAX_RUNNING = {job.name: job.max_running for job in (*JOBS, *SCHEDULED) if job.max_running is not None}
"""How many jobs of a name may run at a time in all workers, where that is limited."""
