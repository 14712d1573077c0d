"""What an operator asked for and cannot have; nothing was changed."""

from dataclasses import dataclass

from domain.errors.base import CounterfoilError, Problem, listed


@dataclass(eq=False)
class JobsRefused(CounterfoilError):
    """Jobs that cannot be retried, dropped or cancelled: `field` of each problem is the job's id in quotes."""

    action: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the first jobs, each with its reason."""
        return f"{self.action}: {listed(self.found)}; nothing was changed, `counterfoil job ID` shows one of them"


@dataclass(eq=False)
class InvalidSchedule(CounterfoilError):
    """A schedule whose expression, zone, name, jitter or arguments do not hold."""

    name: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List what is wrong."""
        return f"schedule {self.name!r}: {listed(self.found)}; nothing was changed"


@dataclass(eq=False)
class ScheduleThere(CounterfoilError):
    """A schedule of this name is in the table already."""

    name: str

    def __str__(self) -> str:
        """Name the way out."""
        return f"schedule {self.name!r} is there already; `counterfoil schedule remove {self.name}` first"


@dataclass(eq=False)
class ScheduleInCode(CounterfoilError):
    """A schedule that no row can take away, because it stands in the code."""

    name: str

    def __str__(self) -> str:
        """Name the way out."""
        return f"schedule {self.name!r} is in code; `counterfoil schedule pause {self.name}` stops it"
