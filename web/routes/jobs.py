"""`POST /jobs/{name}`: a write that a worker applies later; `/jobs` and `/jobs/{id}`: what became of it."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Path, Query, Request, Response

from domain.commands import SENDABLE, Command, Selection
from domain.errors import NotFound, unknown
from domain.filters import client_filter
from domain.job import JobState
from persistence.enqueue import enqueue
from persistence.job_filter import JobFilter
from persistence.job_list import list_jobs, require_name
from persistence.job_table import JobRow
from persistence.transaction import Transaction
from web.documented import BEARER, refusals
from web.job_examples import EXAMPLES
from web.job_models import AcceptedJob, JobInShort, JobPage, JobRead
from web.links import link_pages
from web.moments import Moment
from web.scopes import Asker, CurrentRead, Read, Serving, Write

ID = r"^[\w:+~-][\w.:+~-]{0,199}$"
"""A job's id that can stand in a path: clients take `..` out of one."""

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(BEARER)])

JobId = Annotated[str, Path(max_length=200, description="The job's id.")]


@router.get("", responses=refusals(401, 422))
async def jobs(  # noqa: PLR0913, PLR0917 - one for each parameter of the query
    read: Read,
    request: Request,
    response: Response,
    state: JobState | None = None,
    name: Annotated[str | None, Query(max_length=200, description="Such as update.")] = None,
    error: Annotated[str | None, Query(max_length=200, description="A piece of the last error.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
) -> JobPage:
    """List jobs, the newest first."""
    await require_name(read, name)
    found = await list_jobs(read, JobFilter(state, name, error), limit + 1, before=cursor)
    following = found[limit - 1].id if len(found) > limit else None
    link_pages(request, response, next=following)
    return JobPage(items=[JobInShort.of(line) for line in found[:limit]], next=following)


@router.get("/{job_id}", responses=refusals(401, 404, 422))
async def job(job_id: JobId, read: CurrentRead, request: Request) -> JobRead:
    """Return a job: its state, its failed attempts, its result."""
    row = await read.get(JobRow, job_id)
    if row is None:
        raise NotFound("job", "id", (job_id,), live=False)
    return JobRead.of(row, asker=request.state.actor)


def _door(kind: type[Command]) -> Callable[..., Any]:
    """Return the endpoint that accepts one kind of job."""

    async def accept(  # noqa: PLR0913, PLR0917 - one for each header
        command: Command,
        tx: Write,
        asker: Asker,
        serving: Serving,
        response: Response,
        key: Annotated[
            str | None,
            Header(alias="Idempotency-Key", pattern=ID, description="The job's id: the same one twice is one job."),
        ] = None,
        queue: Annotated[
            str | None,
            Header(alias="X-Queue", pattern=r"^[\w.:-]{1,100}$", description="Where a worker takes it from."),
        ] = None,
        run_at: Annotated[
            Moment | None, Header(alias="X-Run-At", description="Not before this time, with its zone.")
        ] = None,
    ) -> AcceptedJob:
        _check_names(tx, command)
        accepted = await enqueue(
            tx.session, command, asker, job_id=key, queue=queue or serving.settings.queue, run_at=run_at
        )
        response.headers["Location"] = f"/jobs/{quote(accepted.id, safe='')}"
        return AcceptedJob(id=accepted.id, job=kind.job, is_new=accepted.is_new)

    accept.__annotations__["command"] = Annotated[kind, Body(openapi_examples=EXAMPLES.get(kind.job))]
    accept.__name__, accept.__doc__ = f"send_{kind.job}", kind.__doc__
    return accept


def _check_names(tx: Transaction, command: Command) -> None:
    """Raise UnknownName, InvalidFilter: a worker would refuse the job too, but nobody would be there."""
    if (name := getattr(command, "entity", None)) is not None:
        entity = tx.entities[name]
        if isinstance(command, Selection) and command.where is not None:
            client_filter(tx.entities, entity, command.where)


for _kind in SENDABLE:
    router.add_api_route(
        f"/{_kind.job}",
        _door(_kind),
        methods=["POST"],
        status_code=202,
        responses={
            202: {"description": "Accepted", "headers": {"Location": {"schema": {"type": "string"}}}},
            **refusals(400, 401, 409, 413, 422),
        },
    )


@router.post("/{name}", include_in_schema=False)
async def no_door(name: str) -> None:
    """Refuse a name that is none, with the nearest one that is."""
    raise HTTPException(404, unknown("job", name, [kind.job for kind in SENDABLE]))
