"""What a target is, and what a figure without one."""

from dataclasses import dataclass
from enum import Enum

from benchmarks.figures import Figures


class Sense(Enum):
    """Which side of its bound a figure must be on."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


class Verdict(Enum):
    """What is said of a target."""

    MET = "met"
    FALLS_SHORT = "falls short"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Target:
    """A bound on a figure, or on its share of the best of others (`of` is a pattern of figures' names)."""

    part: str
    name: str
    figure: str
    sense: Sense
    bound: float
    unit: str
    of: str | None = None


@dataclass(frozen=True)
class Further:
    """A figure, or its share of the best of others (`of` is a pattern of names)."""

    name: str
    figure: str
    unit: str
    of: str | None = None

    def value(self, figures: Figures) -> float | None:
        """Return the median, or the share; None where there is none."""
        value = figures.median(self.figure)
        if value is None or self.of is None:
            return value
        best = max((figure for _, figure in figures.medians(self.of)), default=0.0)
        return value / best if best else None
