"""Which HTTP status an error is: the one table of it."""

from collections.abc import Mapping

from domain import errors
from domain.errors import CounterfoilError, EnqueueRefused
from persistence.settings import SettingsError

STATUSES: Mapping[type[CounterfoilError], int] = {
    errors.UnreadablePayload: 400,
    errors.NotFound: 404,
    errors.CannotRestore: 409,
    errors.ChangedMeanwhile: 409,
    errors.Duplicate: 409,
    errors.EndedBefore: 409,
    errors.InUse: 409,
    errors.JobIdTaken: 409,
    errors.JobsRefused: 409,
    errors.KilledItsWorker: 409,
    errors.Locked: 409,
    errors.NotYetDue: 409,
    errors.ScheduleInCode: 409,
    errors.ScheduleThere: 409,
    errors.StaleVersion: 412,
    errors.TooLarge: 413,
    errors.ConstraintViolated: 422,
    errors.EnqueueRefused: 422,
    errors.InvalidCommand: 422,
    errors.InvalidCursor: 422,
    errors.InvalidFilter: 422,
    errors.InvalidQuery: 422,
    errors.InvalidRows: 422,
    errors.InvalidSchedule: 422,
    errors.MissingReference: 422,
    errors.NoCondition: 422,
    errors.RowsRefused: 422,
    errors.UnknownName: 422,
    errors.AuditMismatch: 500,
    errors.NotLoaded: 500,
    errors.NotTaken: 500,
    errors.OwnEnding: 500,
    errors.ScopeEnded: 500,
    errors.SharedSession: 500,
    errors.UnauditedWrite: 500,
    SettingsError: 500,
    errors.NotMigrated: 503,
    errors.ReadOnly: 503,
    errors.Unreachable: 503,
}
"""By class; a class that is not named has the status of the nearest one above it."""

REFUSED_JOBS = {"23505": 409, "42704": 404, "54000": 413}
"""What `enqueue_job` of the database refuses, by SQLSTATE, where it is not 422: the id of another job, an unknown name,
arguments too large."""

UNFORESEEN = 500
FOR_THE_MOMENT = 503


def status_of(error: CounterfoilError) -> int:
    """Return the status of an error of the business."""
    if isinstance(error, EnqueueRefused) and error.sqlstate in REFUSED_JOBS:
        return REFUSED_JOBS[error.sqlstate]
    known = (STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return next(known, FOR_THE_MOMENT if error.passes else UNFORESEEN)
