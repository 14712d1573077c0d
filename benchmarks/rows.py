"""Which row a job changes, and to what; the same for every contender.

Used by interpreters of several environments, so it needs nothing but the standard library.
"""

ROWS = 100_000
"""Tasks in the table."""

STRIDE = 7919
"""A prime: neighbours in the queue are no neighbours in the table, and no two jobs of a run meet in one row."""


def row_of(number: int) -> int:
    """Return the id of the task that job `number` changes."""
    return number * STRIDE % ROWS + 1


def title_of(number: int) -> str:
    """Return the title that job `number` gives it, which no row has."""
    return f"changed by {number}"
