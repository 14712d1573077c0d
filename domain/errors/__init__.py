"""Every error of the business, as a class with its data.

The message names the value, what was expected, and the way out.
"""

from domain.errors.base import CounterfoilError, Problem, unknown
from domain.errors.input import InvalidCommand, InvalidRows, TooLarge, UnknownName, UnreadablePayload
from domain.errors.rows import (
    CannotRestore,
    ChangedMeanwhile,
    ConstraintViolated,
    Duplicate,
    InUse,
    MissingReference,
    NotFound,
    StaleVersion,
)
from domain.errors.system import AuditMismatch, NotMigrated, OwnEnding, ReadOnly, UnauditedWrite, Unreachable

__all__ = [
    "AuditMismatch",
    "CannotRestore",
    "ChangedMeanwhile",
    "ConstraintViolated",
    "CounterfoilError",
    "Duplicate",
    "InUse",
    "InvalidCommand",
    "InvalidRows",
    "MissingReference",
    "NotFound",
    "NotMigrated",
    "OwnEnding",
    "Problem",
    "ReadOnly",
    "StaleVersion",
    "TooLarge",
    "UnauditedWrite",
    "UnknownName",
    "Unreachable",
    "UnreadablePayload",
    "unknown",
]
