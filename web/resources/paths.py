"""Names in a request: relations to show (`load=project,subtasks.assignee`), fields to sort and to count by."""

from collections.abc import Sequence

from domain.entities import EntityType
from domain.errors import UnknownName
from domain.filters import client_load, client_sort
from web.resources.read_models import EntityRead, Tree


def names_in(text: str | None) -> tuple[str, ...]:
    """Return the names that commas separate."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def shown_sort(entity: EntityType, kind: type[EntityRead], sort: Sequence[str]) -> tuple[str, ...]:
    """Return the fields to sort or count by; raises UnknownName beyond what the entity allows and the model shows.

    A cursor holds the values that it sorts by, signed and not encrypted, and a count shows them.
    """
    found, shown = client_sort(entity, sort), kind.model_fields
    for name in found:
        if (bare := name.removeprefix("-")) not in shown:
            raise UnknownName("sort field", bare, tuple(set(entity.table.c.keys()) & set(shown)))
    return found


def relations_in(entity: EntityType, kind: type[EntityRead], text: str | None) -> tuple[str, ...]:
    """Return the relations that a request asks for; raises UnknownName beyond what the entity and the model allow."""
    found = client_load(entity, names_in(text))
    for path in found:
        _check(kind, tree_of([path]))
    return found


def _check(kind: type[EntityRead], tree: Tree) -> None:
    known = kind.relations()
    for name, below in tree.items():
        if name not in known:
            raise UnknownName("relation to load", name, tuple(known))
        _check(known[name], below)


def tree_of(load: Sequence[str]) -> Tree:
    """Return paths as a tree; `subtasks*3` stands for three levels, as in the loading language."""
    tree: Tree = {}
    for path in load:
        level = tree
        for step in path.split("."):
            name, _, times = step.partition("*")
            for _level in range(int(times or 1)):
                level = level.setdefault(name, {})
    return tree
