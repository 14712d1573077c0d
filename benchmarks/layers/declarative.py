"""SQLAlchemy alone over models without Pydantic, and without lists whose changes in place are noticed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from benchmarks.layers.by_hand import Models, by_hand
from benchmarks.layers.tables import AuditLog, Member, Project, Task
from benchmarks.layers.work import Operation


@asynccontextmanager
async def layer(url: str, begin: int) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    async with by_hand(url, begin, Models(Task, Project, Member, AuditLog)) as work:
        yield work
