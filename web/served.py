"""What a running application has in its hands, made by its lifespan and nowhere else."""

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from redis.asyncio import Redis

from persistence.database import Database
from web.metrics import Metrics
from web.settings import WebSettings


@dataclass(frozen=True, slots=True)
class Served:
    """The database, Redis where there is one, and the migrations that the code knows.

    `stopping` is set as soon as the process is asked to end, so that answers without an end come to one.
    """

    settings: WebSettings
    database: Database
    metrics: Metrics
    newest: frozenset[str]
    known: frozenset[str]
    redis: Redis | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def served(request: Request) -> Served:
    """Return what the application of this request has in its hands."""
    found: Served = request.app.state.served
    return found
