"""In which order rows come: by columns, null last in both directions, and made total by the id."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import SQLModel

from domain.entities import EntityType
from domain.errors import InvalidQuery, Problem, UnknownName
from domain.filters.kinds import Kind, kind_of
from persistence.dialects import Dialect


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column by which rows are sorted."""

    name: str
    descending: bool
    column: ColumnElement[Any]
    nullable: bool

    def order(self, dialect: Dialect, *, backward: bool) -> list[ColumnElement[Any]]:
        """Return what stands in ORDER BY; backward is the exact reverse, with null first."""
        ordered = self.column.desc() if self.descending != backward else self.column.asc()
        if not self.nullable:
            return [ordered]
        if dialect is Dialect.POSTGRESQL:
            return [ordered.nulls_first() if backward else ordered.nulls_last()]
        is_null = self.column.is_(None)  # 0 before 1
        return [is_null.desc() if backward else is_null.asc(), ordered]


def sort_keys(entity: EntityType, sort: str | Sequence[str]) -> tuple[SortKey, ...]:
    """Return the keys of `("-created_at", "title")`: a minus means descending, and the id decides at last.

    The id takes the direction of the last column; what follows it says nothing. Raises UnknownName, and InvalidQuery
    for a column that has no order or stands twice.
    """
    keys = [_key(entity, name) for name in ((sort,) if isinstance(sort, str) else sort)]
    names = [key.name for key in keys]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _refused(entity, f"names {twice} twice")
    if "id" in names:
        return tuple(keys[: names.index("id") + 1])
    return (*keys, _key(entity, "-id" if keys and keys[-1].descending else "id"))


def order_by(keys: Sequence[SortKey], dialect: Dialect, *, backward: bool = False) -> list[ColumnElement[Any]]:
    """Return ORDER BY of the keys, or of their exact reverse."""
    return [part for key in keys for part in key.order(dialect, backward=backward)]


@lru_cache(maxsize=4096)
def _key(entity: EntityType, name: str) -> SortKey:
    bare = name.removeprefix("-")
    columns = {str(column.name): column for column in entity.table.columns}
    if bare not in columns:
        raise UnknownName("field", bare, tuple(columns))
    if kind_of(columns[bare].type) is Kind.JSON:
        raise _refused(entity, f"{bare} holds JSON, which has no order")
    model: type[SQLModel] = entity.model
    return SortKey(bare, name.startswith("-"), getattr(model, bare), bool(columns[bare].nullable))


def _refused(entity: EntityType, why: str) -> InvalidQuery:
    return InvalidQuery(entity.name, (Problem(None, "sort", why),))
