"""The routes of a resource, made once for any entity."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import JsonValue

from domain.entities import EntityType
from domain.entity import MAX_ID
from domain.filters import client_filter, client_load, client_sort
from persistence.reader import Reader
from web.documented import BEARER, refusals
from web.links import link_pages
from web.resources.answers import Count, Deleted, Group, PageRead
from web.resources.documents import NAMES, body, filter_parameters
from web.resources.etags import ETAG, IfMatch, expected_version, tag
from web.resources.paths import names_in, tree_of
from web.resources.resource import Resource
from web.resources.words import conditions
from web.scopes import Read, Write

RowId = Annotated[int, Path(ge=1, le=MAX_ID, description="The row's id.")]
Sort = Annotated[str | None, Query(description="Fields, separated by commas, `-` for descending.", examples=["-created_at,key"])]
Load = Annotated[str | None, Query(description="Relations to show, separated by commas.")]
Deleted_ = Annotated[bool, Query(alias="include_deleted", description="Deleted rows too.")]
Cascade = Annotated[bool, Query(description="With what the row owns.")]


def make_router(resource: Resource) -> APIRouter:
    """Return the routes below the resource's path: list, count, get, create, change, delete, restore."""
    router = APIRouter(prefix=f"/{resource.path}", tags=[resource.path], dependencies=[Depends(BEARER)])
    for add in (_add_list, _add_count, _add_get, _add_create, _add_change, _add_delete, _add_restore):
        add(router, resource)
    return router
