"""The routes of a resource, made once for any entity."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends

from web.documented import BEARER, refusals
from web.resources import reads, writes
from web.resources.answers import Count, Deleted, PageRead
from web.resources.documents import filter_parameters
from web.resources.etags import ETAG
from web.resources.resource import Resource

Endpoint = Callable[..., Any]

_LINK = {"Link": {"description": "Pages beside this one, rel next and prev.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "Where the row is.", "schema": {"type": "string"}}}


def make_router(resource: Resource) -> APIRouter:
    """Return the routes of the resource: list, count, get, create, change, delete, restore."""
    router = APIRouter(tags=[resource.path], dependencies=[Depends(BEARER)])
    path, name = f"/{resource.path}", resource.name
    filtered = filter_parameters(resource)

    def add(  # noqa: PLR0913 - the parts of a route
        method: str,
        under: str,
        endpoint: Endpoint,
        meaning: str,
        shown: Any,  # noqa: ANN401 - a response model
        *refused: int,
        status: int = 200,
        headers: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        router.add_api_route(
            path + under,
            endpoint,
            methods=[method],
            name=f"{endpoint.__name__}_{name}",
            description=meaning,
            status_code=status,
            response_model=shown,
            response_model_exclude_unset=True,  # a relation that was not asked for is not there
            responses={status: {"headers": headers or {}}, **refusals(401, *refused)},
            openapi_extra=extra,
        )

    rows, meaning = PageRead.__class_getitem__(resource.read), f"List {resource.path}, page by page."
    add("GET", "", reads.listing(resource), meaning, rows, 422, headers=_LINK, extra=filtered)
    add("GET", ":count", reads.counting(resource), f"Count {resource.path}.", Count, 422, extra=filtered)
    add("GET", "/{id}", reads.getting(resource), f"Return a {name}.", resource.read, 404, 422, headers=ETAG)
    made = {**ETAG, **_LOCATION}
    refused = (400, 409, 413, 422)
    add("POST", "", writes.creating(resource), f"Create a {name}.", resource.read, *refused, status=201, headers=made)
    meaning = f"Change a {name}: what is left out stays, null empties a field that may be empty."
    add("PATCH", "/{id}", writes.changing(resource), meaning, resource.read, *refused, 404, 412, headers=ETAG)
    meaning = f"Mark a {name} as deleted; with `cascade` what it owns too."
    add("DELETE", "/{id}", writes.deleting(resource), meaning, Deleted, 404, 409, 412, 422)
    meaning = f"Bring a deleted {name} back; with `cascade` all that was deleted together with it."
    add("POST", "/{id}/restore", writes.restoring(resource), meaning, resource.read, 404, 409, 422, headers=ETAG)
    return router
