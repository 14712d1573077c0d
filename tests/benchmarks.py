"""A benchmark's story, as if it had been run."""

from datetime import UTC, datetime

from benchmarks.figures import Figures
from benchmarks.run import PARTS, Story

MACHINE = {
    "cores": "2",
    "processor": "a processor",
    "system": "Linux",
    "Python": "3.11",
    "PostgreSQL": "18",
    "PostgreSQL settings": "fsync=on",
    "Redis": "redis 7",
    "Redis settings": "appendonly=yes",
}


def story(figures: Figures) -> Story:
    """Return the story of a whole run that came to these figures."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return Story(began, 1.0, MACHINE, frozenset(PARTS), 5, quick=False, figures=figures)
