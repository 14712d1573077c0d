"""What every layer does in its turns, and how often.

Used by interpreters of several environments, so it needs nothing but the standard library.
"""

import os
from collections.abc import Awaitable, Callable, Mapping

ROWS = int(os.environ.get("LAYERS_ROWS", "200000"))
"""Tasks; the last 10,000 are subtasks."""
PAGE = 50
PROJECT = 2
"""The project of tasks that are created."""
LOADED = 100
"""Tasks that are read with their project, assignee and subtasks; the first of them have five subtasks each."""
DEEP = ROWS - 10_000
"""Rows before the page that is deep in the list."""
STEP = 1_000
"""Rows of the pages by which it is reached."""

Operation = Callable[[int], Awaitable[int]]
"""Does the work number `n`, and returns how many rows it met, which must be as `expected` says."""

TIMES: Mapping[str, int] = {
    "get": 200,
    "find": 60,
    "load": 10,
    "create": 60,
    "update": 60,
    "naive": 2,
    "deep": 10,
    "offset": 5,
}
"""How often a piece of work is done in one turn: a tenth of a second, or more."""

EXPECTED: Mapping[str, int] = {
    "get": 1,
    "find": PAGE,
    "load": LOADED * 8,
    "create": 1,
    "update": 1,
    "naive": LOADED * 8,
    "deep": PAGE,
    "offset": PAGE,
}
"""Rows of a piece of work; a loaded task counts eight: itself, its project, its assignee, five subtasks."""


def row_of(number: int) -> int:
    """Return the id of the task that work number `n` is about: neighbours in time are no neighbours in the table."""
    return number * 7919 % (DEEP - 1) + 1


class WrongWork(Exception):
    """A layer met another number of rows than the work has: there is nothing to time."""

    def __init__(self, name: str, found: int) -> None:
        """Build the message from both numbers."""
        super().__init__(f"{name} met {found} rows, expected {EXPECTED[name]}")
