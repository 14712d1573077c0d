"""SQLAlchemy alone over Counterfoil's models: what a service adds is what it takes longer than this."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from benchmarks.layers.by_hand import Models, by_hand
from benchmarks.layers.work import Operation
from domain.member import Member
from domain.project import Project
from domain.task import Task
from persistence.audit_log import AuditEntry


@asynccontextmanager
async def layer(url: str, begin: int) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    async with by_hand(url, begin, Models(Task, Project, Member, AuditEntry)) as work:
        yield work
