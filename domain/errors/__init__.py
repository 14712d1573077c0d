"""Every error of the business, as a class with its data.

The message names the value, what was expected, and the way out.
"""

from domain.errors.base import CounterfoilError, Invalid, Problem, unknown
from domain.errors.filters import InvalidFilter
from domain.errors.input import (
    EndedBefore,
    EnqueueRefused,
    InvalidCommand,
    InvalidRows,
    JobIdTaken,
    KilledItsWorker,
    TooLarge,
    UnknownName,
    UnreadablePayload,
)
from domain.errors.operations import InvalidSchedule, JobsRefused, ScheduleInCode, ScheduleThere
from domain.errors.queries import InvalidCursor, InvalidQuery, Locked, NoCondition, NotLoaded
from domain.errors.rows import (
    CannotRestore,
    ChangedMeanwhile,
    ConstraintViolated,
    Duplicate,
    InUse,
    MissingReference,
    NotFound,
    RowsRefused,
    StaleVersion,
)
from domain.errors.system import (
    AuditMismatch,
    NotMigrated,
    NotTaken,
    NotYetDue,
    OwnEnding,
    ReadOnly,
    ScopeEnded,
    SharedSession,
    UnauditedWrite,
    Unreachable,
)

__all__ = [
    "AuditMismatch",
    "CannotRestore",
    "ChangedMeanwhile",
    "ConstraintViolated",
    "CounterfoilError",
    "Duplicate",
    "EndedBefore",
    "EnqueueRefused",
    "InUse",
    "Invalid",
    "InvalidCommand",
    "InvalidCursor",
    "InvalidFilter",
    "InvalidQuery",
    "InvalidRows",
    "InvalidSchedule",
    "JobIdTaken",
    "JobsRefused",
    "KilledItsWorker",
    "Locked",
    "MissingReference",
    "NoCondition",
    "NotFound",
    "NotLoaded",
    "NotMigrated",
    "NotTaken",
    "NotYetDue",
    "OwnEnding",
    "Problem",
    "ReadOnly",
    "RowsRefused",
    "ScheduleInCode",
    "ScheduleThere",
    "ScopeEnded",
    "SharedSession",
    "StaleVersion",
    "TooLarge",
    "UnauditedWrite",
    "UnknownName",
    "Unreachable",
    "UnreadablePayload",
    "unknown",
]
