"""What callers ask for in numbers and ids, refused alike on every database before it is sent."""

from collections.abc import Iterable

from domain.entities import EntityType
from domain.entity import MAX_ID
from domain.errors import InvalidQuery, Problem

MOST_ROWS = 2**63 - 1
"""The largest number that every database takes for a limit."""


def check_number(entity: EntityType, value: int, least: int, most: int, name: str) -> None:
    """Raise InvalidQuery for what is no whole number from `least` to `most`."""
    if type(value) is not int:
        raise InvalidQuery(entity.name, (Problem(None, name, f"expected a whole number, not {type(value).__name__}"),))
    if not least <= value <= most:
        raise InvalidQuery(entity.name, (Problem(None, name, f"{value} is not between {least} and {most:,}"),))


def possible_ids(entity: EntityType, ids: Iterable[int]) -> list[int]:
    """Return the ids that a row may have, each once; raises InvalidQuery for what is no id.

    MySQL would take the text `1 or so` for 1, and the drivers refuse large numbers each in its own way.
    """
    listed = list(ids)
    for row_id in listed:
        if type(row_id) is not int:  # True is an int, too
            raise InvalidQuery(entity.name, (Problem(None, "id", f"{row_id!r:.50} is no id, but a whole number is"),))
    return [row_id for row_id in dict.fromkeys(listed) if 1 <= row_id <= MAX_ID]
