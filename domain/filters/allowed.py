"""What clients may filter, sort and load by: the names that an entity allows, and no others."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from domain.entities import Entities, EntityType
from domain.errors import UnknownName
from domain.filters.names import client_names
from domain.filters.parse import parse_names
from domain.filters.tree import Filter


def client_filter(entities: Entities, entity: EntityType, words: Mapping[str, JsonValue]) -> Filter:
    """Return the tree of a client's words, as `parse_filter` does, of the names in `filterable` alone.

    Any other name is UnknownName, with the nearest allowed one: a client does not learn that it is there.
    """
    return parse_names(client_names(entities, entity), words)


def client_sort(entity: EntityType, sort: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that a client sorts by (`-created_at` for descending); raises UnknownName beyond `sortable`."""
    allowed = entity.model.sortable
    known = tuple(entity.table.c.keys()) if allowed is None else allowed
    for name in sort:
        if name.removeprefix("-") not in known:
            raise UnknownName("sort field", name.removeprefix("-"), known)
    return tuple(sort)


def client_load(entity: EntityType, load: Sequence[str]) -> tuple[str, ...]:
    """Return the relations that a client asks for; raises UnknownName beyond `loadable` and what leads there."""
    known = entity.model.loadable or ()
    for name in load:
        if not any(one == name or one.startswith(f"{name}.") for one in known):
            raise UnknownName("relation to load", name, known)
    return tuple(load)
