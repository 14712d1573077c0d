"""What a resource answers about rows."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from domain.entity import MAX_ID
from domain.filters import Filter, client_filter, words_of_texts
from persistence.pages.cursor import LONGEST
from persistence.reader import Reader
from web.links import link_pages
from web.resources.answers import Count, Group, PageRead
from web.resources.documents import loads, sorts
from web.resources.etags import tag
from web.resources.paths import names_in, relations_in, shown_sort, tree_of
from web.resources.read_models import EntityRead
from web.resources.resource import Resource
from web.scopes import Read

MOST = 200
"""Rows of a page: with relations, several times as many are read."""

_RESERVED = frozenset({"sort", "limit", "cursor", "load", "include_deleted", "by"})
"""Parameters that are no conditions; a field of such a name is meant with an operator, as in `sort__eq`."""

MOST_GROUPS = 1_000
"""Groups of a count: by a field like `id` there would be one for each row."""

RowId = Annotated[int, Path(ge=1, le=MAX_ID, description="The row's id.")]
IncludeDeleted = Annotated[bool, Query(description="Deleted rows too.")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Cursor = Annotated[
    str | None, Query(max_length=LONGEST, description="`next` or `previous` of a page of the same list.")
]


def listing(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that lists rows."""
    sort_type = Annotated[str | None, Query(max_length=1000, description=sorts(resource))]
    load_type = Annotated[str | None, Query(max_length=1000, description=loads(resource))]

    async def list_(  # noqa: PLR0913, PLR0917 - one for each parameter of the query
        read: Read,
        request: Request,
        response: Response,
        sort: sort_type = None,
        load: load_type = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        *,
        include_deleted: IncludeDeleted = False,
    ) -> PageRead[EntityRead]:
        entity = read.entities[resource.name]
        relations = relations_in(entity, resource.read, load)
        page = await resource.service.page(
            read,
            where=_where(resource, read, request),
            sort=shown_sort(entity, resource.read, names_in(sort)),
            limit=limit,
            cursor=cursor,
            load=relations,
            include_deleted=include_deleted,
        )
        link_pages(request, response, next=page.next, prev=page.previous)
        tree = tree_of(relations)
        items = [resource.read.of(row, tree) for row in page.items]
        return PageRead(items=items, next=page.next, previous=page.previous)

    list_.__name__ = "list"
    return list_


def counting(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that counts rows."""
    by_type = Annotated[str | None, Query(max_length=1000, description=f"Counts by these fields. {sorts(resource)}")]

    async def count(
        read: Read,
        request: Request,
        by: by_type = None,
        *,
        include_deleted: IncludeDeleted = False,
    ) -> Count:
        where = _where(resource, read, request)
        names = shown_sort(read.entities[resource.name], resource.read, names_in(by))
        found = await resource.service.aggregate(
            read, by=names, most=MOST_GROUPS, where=where, include_deleted=include_deleted
        )
        total = sum(group.count for group in found)
        if not names:
            return Count(count=total)
        return Count(count=total, groups=[Group(by=dict(group.by), count=group.count) for group in found])

    return count


def getting(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that returns one row."""
    load_type = Annotated[str | None, Query(max_length=1000, description=loads(resource))]

    async def get(
        id: RowId,  # noqa: A002 - the name in the path
        read: Read,
        response: Response,
        load: load_type = None,
        *,
        include_deleted: IncludeDeleted = False,
    ) -> EntityRead:
        relations = relations_in(read.entities[resource.name], resource.read, load)
        row = await resource.service.get_or_raise(read, id, load=relations, include_deleted=include_deleted)
        tag(response, row)
        return resource.read.of(row, tree_of(relations))

    return get


def _where(resource: Resource, read: Reader, request: Request) -> Filter | None:
    words = words_of_texts(resource.name, request.query_params.multi_items(), reserved=_RESERVED)
    return client_filter(read.entities, read.entities[resource.name], words) if words else None
