"""What answers of a resource hold beside its rows."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from web.resources.read_models import EntityRead

Read = TypeVar("Read", bound=EntityRead)


class PageRead(BaseModel, Generic[Read]):
    """Rows in their order, and the cursors of the pages after and before them; null where there is none."""

    items: list[Read]
    next: str | None = None
    previous: str | None = None


class Group(BaseModel):
    """How many rows have these values."""

    by: dict[str, Any] = Field(examples=[{"status": "done"}])
    count: int


class Count(BaseModel):
    """How many rows fit; `groups` where `by` names fields."""

    count: int
    groups: list[Group] | None = None


class Deleted(BaseModel):
    """How many rows were marked as deleted, and which, by entity; a thousand ids at most."""

    deleted: int
    ids: dict[str, list[int]] = Field(examples=[{"project": [1], "task": [7, 8]}])
