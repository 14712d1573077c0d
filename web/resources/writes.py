"""What a resource writes: each request one transaction, which commits before it is answered."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Body, Query, Request, Response
from sqlmodel import SQLModel

from web.resources.answers import Deleted
from web.resources.documents import body_examples
from web.resources.etags import IfMatch, expected_version, tag
from web.resources.read_models import EntityRead
from web.resources.reads import RowId
from web.resources.resource import Resource
from web.scopes import Write

Cascade = Annotated[bool, Query(description="With what belongs to the row.")]


def creating(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that creates a row."""

    async def create(values: SQLModel, request: Request, tx: Write, response: Response) -> EntityRead:  # noqa: ARG001 - checked by its type
        row = await resource.service.create(tx, await _as_sent(request))
        response.headers["Location"] = f"/{resource.path}/{row.id}"
        tag(response, row)
        return resource.read.of(row)

    examples = body_examples(resource.create)
    create.__annotations__["values"] = Annotated[resource.service.model.create_schema, Body(openapi_examples=examples)]
    return create


def changing(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that changes a row."""

    async def change(  # noqa: PLR0913, PLR0917 - one for each part of the request
        id: RowId,  # noqa: A002 - the name in the path
        values: SQLModel,  # noqa: ARG001 - checked by its type
        request: Request,
        tx: Write,
        response: Response,
        if_match: IfMatch = None,
    ) -> EntityRead:
        changes = await _as_sent(request)
        row = await resource.service.update(tx, id, changes, expected_version=expected_version(if_match))
        tag(response, row)
        return resource.read.of(row)

    examples = body_examples(resource.update)
    change.__annotations__["values"] = Annotated[resource.service.model.update_schema, Body(openapi_examples=examples)]
    return change


def deleting(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that marks a row as deleted."""

    async def delete(
        id: RowId,  # noqa: A002
        tx: Write,
        if_match: IfMatch = None,
        *,
        cascade: Cascade = False,
    ) -> Deleted:
        expected = expected_version(if_match)
        result = await resource.service.soft_delete(tx, id, cascade=cascade, expected_version=expected)
        return Deleted(deleted=result.deleted, ids=result.ids.get("deleted", {}))

    return delete


def restoring(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that brings a row back."""

    async def restore(
        id: RowId,  # noqa: A002
        tx: Write,
        response: Response,
        *,
        cascade: Cascade = False,
    ) -> EntityRead:
        await resource.service.restore(tx, id, cascade=cascade)
        row = await resource.service.get_or_raise(tx, id)
        tag(response, row)
        return resource.read.of(row)

    return restore


async def _as_sent(request: Request) -> dict[str, Any]:
    """Return the body, which fits its schema, as it was sent, so that the services judge it as they judge a job's row.

    What Pydantic has made of it hides a `true` in place of a number.
    """
    found: dict[str, Any] = await request.json()
    return found
