"""What was asked of the data layer and cannot be had so."""

from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import CounterfoilError, Invalid, Problem, listed


@dataclass(eq=False)
class InvalidQuery(Invalid):
    """A page, a sum or a list of relations that cannot be had as it was asked for."""

    entity: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List what is wrong."""
        return f"{self.entity}: {listed(self.found)}; ask again with other values"


@dataclass(eq=False)
class InvalidCursor(Invalid):
    """A cursor that was made for another sort or filter, was changed on its way, or signed with another key."""

    entity: str
    why: str

    @property
    def field(self) -> str:
        """The argument that is wrong."""
        return "cursor"

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        return self.why

    def __str__(self) -> str:
        """Name the way out."""
        return f"{self.entity}: cursor refused: {self.why}; begin again without a cursor"


@dataclass(eq=False)
class NoCondition(Invalid):
    """A write of every row that did not say so: a condition was forgotten, or a filter came out empty."""

    entity: str
    action: str

    @property
    def field(self) -> str:
        """The argument that is missing."""
        return "where"

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        return "no condition"

    def __str__(self) -> str:
        """Name both ways out."""
        return (
            f"{self.action} of {self.entity} has no condition and would change every row; nothing was written, "
            "say which rows, or everything=True"
        )


@dataclass(eq=False)
class NotLoaded(CounterfoilError):
    """A related row that was not asked for when its object was read, and that no attribute reads by surprise."""

    entity: str
    attribute: str

    def __str__(self) -> str:
        """Name the attribute and what would have loaded it."""
        return (
            f"{self.entity}.{self.attribute} is not loaded; ask for it where the {self.entity} is read: "
            f'load=("{self.attribute}",), or load=("....{self.attribute}",) below another relation'
        )


@dataclass(eq=False)
class Locked(CounterfoilError):
    """A row that another transaction holds, asked for with `nowait`."""

    passes: ClassVar[bool] = True

    entity: str

    def __str__(self) -> str:
        """Name the ways out."""
        return (
            f"another transaction holds a {self.entity} that was asked for with nowait; this transaction is lost, "
            "try again, wait without nowait, or leave such rows out with skip_locked"
        )
