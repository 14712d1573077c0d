"""Figures of a run: for every name the values of its repetitions; and what could not be measured, with its error."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from statistics import median


@dataclass
class Figures:
    """Values by name, such as `update.ours`, one for each repetition; `failures` are errors by name."""

    values: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def record(self, name: str, value: float) -> None:
        """Add the value of one repetition."""
        self.values.setdefault(name, []).append(value)

    def fail(self, name: str, error: Exception) -> None:
        """Keep why a figure is missing, or was missed in one repetition."""
        self.failures[name] = f"{type(error).__name__}: {error}"

    def median(self, name: str) -> float | None:
        """Return the median of a figure's repetitions, or None where there is none."""
        values = self.values.get(name)
        return median(values) if values else None

    def medians(self, pattern: str) -> Iterator[tuple[str, float]]:
        """Yield names that match a pattern such as `orm.*`, with their medians."""
        for name, values in self.values.items():
            if values and fnmatchcase(name, pattern):
                yield name, median(values)
