"""`/audit`: who changed what, when and why."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.entity import MAX_ID
from persistence.audit_page import AuditFilter, audit_page
from web.documented import BEARER, refusals
from web.links import link_pages
from web.moments import Moment
from web.scopes import Read

router = APIRouter(tags=["audit"], dependencies=[Depends(BEARER)])

Words = Annotated[str | None, Query(max_length=200)]


class AuditRead(BaseModel):
    """One row that was written: `before` and `after` hold the columns that changed, all of them at both ends."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    txid: int
    actor: str = Field(examples=["ada"])
    job_id: str | None
    request_id: str | None
    reason: str | None
    entity: str = Field(examples=["task"])
    entity_id: str
    action: str = Field(examples=["update"])
    before: dict[str, Any] | None = Field(examples=[{"status": "doing"}])
    after: dict[str, Any] | None = Field(examples=[{"status": "done"}])


class AuditPage(BaseModel):
    """Entries, the newest first; `next` is the cursor of the next page, null at the end."""

    items: list[AuditRead]
    next: str | None = None


@router.get("/audit", responses=refusals(401, 422))
async def audit(  # noqa: PLR0913, PLR0917 - one for each parameter of the query
    read: Read,
    request: Request,
    response: Response,
    entity: Words = None,
    entity_id: Words = None,
    action: Literal["insert", "update", "soft_delete", "restore", "purge"] | None = None,
    actor: Words = None,
    job_id: Words = None,
    request_id: Words = None,
    since: Annotated[Moment | None, Query(description="From this time on, with its zone.")] = None,
    until: Annotated[Moment | None, Query(description="Before this time, with its zone.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int | None, Query(ge=1, le=MAX_ID, description="`next` of the page before.")] = None,
) -> AuditPage:
    """List what was written, the newest first. By entity and id, or by job, an index finds it at any size."""
    which = AuditFilter(entity, entity_id, action, actor, job_id, request_id, since, until)
    found = await audit_page(read, which, limit + 1, before=cursor)
    following = str(found[limit - 1].id) if len(found) > limit else None
    link_pages(request, response, next=following)
    return AuditPage(items=[AuditRead.model_validate(entry) for entry in found[:limit]], next=following)
