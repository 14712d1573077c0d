"""What a page is."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Rows in their order, and the cursors of the pages after and before them; None where there is none.

    A page that was reached by a cursor has one in the direction it came from without looking: it may be empty by now.
    """

    items: list[Item]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class OffsetPage(Generic[Item]):
    """Rows in their order, from the one numbered `offset` (from 0), and how many there are in `total`."""

    items: list[Item]
    total: int
    offset: int
    limit: int
