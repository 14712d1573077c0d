"""A filter as a tree: conditions on fields, joined by and, or and not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, Union

from domain.filters.operators import Operator


class _Joined:
    """What trees have in common: `a & b`, `a | b` and `~a` make greater ones."""

    def __and__(self, other: "Filter") -> "And":
        """Return the tree of both."""
        return And((*_parts(And, self), *_parts(And, other)))

    def __or__(self, other: "Filter") -> "Or":
        """Return the tree of either."""
        return Or((*_parts(Or, self), *_parts(Or, other)))

    def __invert__(self) -> "Not":
        """Return the tree of all other rows."""
        return Not(self)  # type: ignore[arg-type]  # every subclass is a Filter


@dataclass(frozen=True)
class Condition(_Joined):
    """One field and what is asked of it; `path` leads through relations, as in `("project", "key")`.

    `value` is in the type of the field once the tree is checked, and lists are tuples.
    """

    path: tuple[str, ...]
    operator: Operator
    value: Any


@dataclass(frozen=True)
class And(_Joined):
    """Rows that every part lets through."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Or(_Joined):
    """Rows that at least one part lets through."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Not(_Joined):
    """Exactly the rows that `part` does not let through, also where a field is null."""

    part: "Filter"


@dataclass(frozen=True)
class Search(_Joined):
    """Rows in which every word of `text` occurs, in any of the `fields`, whatever the case.

    Without fields: in the text columns of the entity that may be filtered by; a checked tree names them.
    """

    text: str
    fields: tuple[tuple[str, ...], ...] = field(default=())


Filter: TypeAlias = Union[Condition, And, Or, Not, Search]  # noqa: UP007 - forward references of the classes above


def _parts(kind: type[And] | type[Or], tree: object) -> "Iterable[Filter]":
    return tree.parts if isinstance(tree, kind) else (tree,)  # type: ignore[return-value]  # every _Joined is a Filter
