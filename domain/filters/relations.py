"""How an entity's rows are related to others', by which filters lead from one to the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Table, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression

from domain.entities import EntityType

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Relation:
    """A way from an entity to the rows of another; `target` is that one's table.

    `pairs` are columns that are equal, the entity's own first. Where a table stands between them (`secondary`), its
    column is the second of each pair, and `onward` leads on from it to the target.
    """

    name: str
    target: str
    many: bool
    pairs: Pairs
    secondary: Table | None = None
    onward: Pairs = ()


@lru_cache(maxsize=1024)
def relations_of(entity: EntityType) -> Mapping[str, Relation]:
    """Return the relations of an entity by name: its relationships, and foreign keys that have none (`project`).

    A relationship whose join condition asks more than that columns are equal is left out.
    """
    table = entity.table
    keys = {
        name: Relation(
            name, reference.target, many=False, pairs=((reference.column, _referred(table, reference.column)),)
        )
        for name, reference in entity.references.items()
    }
    mapper: Mapper[object] = inspect(entity.model)
    made = ((str(name), _relation(str(name), found)) for name, found in mapper.relationships.items())
    return {**keys, **{name: relation for name, relation in made if relation is not None}}


def _referred(table: Table, column: str) -> str:
    return str(next(iter(table.c[column].foreign_keys)).column.name)


def _relation(name: str, found: "RelationshipProperty[object]") -> Relation | None:
    conditions = [found.primaryjoin, *([] if found.secondaryjoin is None else [found.secondaryjoin])]
    compared = [one for join in conditions for one in visitors.iterate(join) if isinstance(one, BinaryExpression)]
    pairs = [(str(local.name), str(remote.name)) for local, remote in found.local_remote_pairs or ()]
    if len(compared) != len(pairs):
        return None
    target, many = str(found.mapper.local_table.name), bool(found.uselist)  # type: ignore[attr-defined]
    if not isinstance(found.secondary, Table):
        return Relation(name, target, many, tuple(pairs))
    here = [(_name(own), _name(other)) for own, other in found.synchronize_pairs]
    onward = [(_name(other), _name(own)) for own, other in found.secondary_synchronize_pairs or ()]
    return Relation(name, target, many, tuple(here), found.secondary, tuple(onward))


def _name(column: "ColumnElement[Any]") -> str:
    return str(getattr(column, "name", column))
