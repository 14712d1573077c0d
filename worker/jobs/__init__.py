"""The jobs that a worker runs for senders, in one explicit list; schedules add their own (`worker.cron`)."""

from worker.jobs import bulk_insert, restore, soft_delete, update
from worker.jobs.job import Job

JOBS: tuple[Job, ...] = (bulk_insert.JOB, update.JOB, soft_delete.JOB, restore.JOB)
