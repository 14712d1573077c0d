"""Which jobs an operator means: by state, by name, by a piece of their last error."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, func, literal
from sqlmodel import col

from domain.job import JobState
from persistence.job_table import JobRow
from persistence.last_error import holds, last_of


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Conditions that a job meets all at once; one that is None asks for nothing.

    `error` is a text that the last error, as `Class: message`, holds; capitals do not matter.
    """

    state: JobState | None = None
    name: str | None = None
    error: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on the job table."""
        found: list[ColumnElement[bool]] = []
        if self.state is not None:
            found.append(col(JobRow.state) == self.state.value)
        if self.name is not None:
            found.append(col(JobRow.name) == self.name)
        if self.error is not None:
            found.append(holds(func.lower(last_error()), func.lower(self.error)))
        return found


def last_error() -> ColumnElement[str]:
    """Return the last attempt's error as `Class: message`, null where none has failed."""
    errors = col(JobRow.errors)
    return last_of(errors, "error") + literal(": ", Text()) + last_of(errors, "message")
