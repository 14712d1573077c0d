"""`/health/live`, `/health/ready`, `/metrics`, and the table of problems."""

import asyncio
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import CounterfoilError
from persistence.revisions import current
from web.documented import BEARER, refusals
from web.scopes import Serving
from web.served import Served
from web.statuses import STATUSES

READY_SECONDS = 3.0
"""How long the database may take to answer: probes wait for some seconds."""

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """Whether all is well, and if not, why."""

    status: Literal["live", "ready", "not ready"]
    reasons: list[str] = []


class Kind(BaseModel):
    """A kind of problem: its name in `type`, its status, and what it says."""

    kind: str
    status: int
    meaning: str


@router.get("/health/live", responses=refusals())
async def live() -> Health:
    """Tell that the process answers; where this does not come, restart it."""
    return Health(status="live")


@router.get("/health/ready", responses={503: {"model": Health, "description": "Not ready"}, 500: refusals()[500]})
async def ready(serving: Serving, response: Response) -> Health:
    """Tell whether requests can be served: the database answers, and has every migration that this code knows."""
    reasons = await _reasons(serving)
    if reasons:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Health(status="not ready" if reasons else "ready", reasons=reasons)


@router.get(
    "/metrics",
    dependencies=[Depends(BEARER)],
    response_class=PlainTextResponse,
    responses=refusals(401),
)
async def metrics(serving: Serving) -> Response:
    """Return figures of requests and of the pool, as Prometheus reads them."""
    return Response(generate_latest(serving.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/problems", responses=refusals())
async def problems() -> list[Kind]:
    """Return every kind of problem: the part of its `type` behind the `#`, its status, and what it means."""
    kinds = sorted(STATUSES.items(), key=lambda one: (one[1], one[0].__name__))
    return [Kind(kind=kind.__name__, status=status, meaning=(kind.__doc__ or "").strip()) for kind, status in kinds]


async def _reasons(serving: Served) -> list[str]:
    if serving.stopping.is_set():
        return ["the process is stopping"]
    try:
        async with asyncio.timeout(READY_SECONDS):
            there = await current(serving.database.engine)
    except (OSError, SQLAlchemyError, CounterfoilError, TimeoutError) as error:
        return [f"the database does not answer ({type(error).__name__})"]
    # One that this code does not know is newer than the code, as while a deploy is going on.
    if serving.newest <= there or there - serving.known:
        return []
    return ["the database lacks migrations: run `counterfoil migrate`"]
