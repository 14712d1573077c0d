"""What a target is."""

from dataclasses import dataclass
from enum import Enum


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
