"""What is wrong with a filter."""

from dataclasses import dataclass

from domain.errors.base import Invalid, Problem, listed


@dataclass(eq=False)
class InvalidFilter(Invalid):
    """A condition whose value, operator or shape does not fit its field; nothing was read or written."""

    entity: str
    found: tuple[Problem, ...]

    @classmethod
    def of(cls, entity: str, field: str, reason: str) -> "InvalidFilter":
        """Return the error for one field; `field` is empty where it is the whole filter."""
        return cls(entity, (Problem(None, field, reason),))

    def __str__(self) -> str:
        """Name the field, what was given and what was expected."""
        return f"filter of {self.entity}: {listed(self.found)}; correct the filter"
