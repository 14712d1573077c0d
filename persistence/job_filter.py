"""Which jobs an operator means: by state, by name, by a piece of their last error."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, func
from sqlalchemy import cast as sql_cast
from sqlmodel import col

from domain.job import JobState
from persistence.job_table import JobRow


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
            found.append(func.strpos(func.lower(last_error()), func.lower(self.error)) > 0)
        return found


def last_error() -> ColumnElement[str]:
    """Return the last attempt's error as `Class: message`, null where none has failed."""
    return _last("error") + sql_cast(": ", Text) + _last("message")


def _last(part: str) -> ColumnElement[str]:
    return sql_cast(func.jsonb_extract_path_text(col(JobRow.errors), "-1", part), Text)
