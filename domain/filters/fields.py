"""Filters as typed objects: `field("status").in_(["doing"]) & ~field("project.key").startswith("a")`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from domain.filters.operators import Operator
from domain.filters.tree import Condition, Search


def field(name: str) -> "Field":
    """Return the field of this name, of which its methods ask something; `project.key` leads through a relation."""
    return Field(tuple(re.split(r"\.|__", name)))


def search(text: str, *fields: str) -> Search:
    """Return the filter of rows in which every word of the text occurs, in any of the fields."""
    return Search(text, tuple(field(name).path for name in fields))


@dataclass(frozen=True)
class Field:
    """A field by its path; whether there is one, and whether it takes the value, is told where the filter is used.

    The methods are the operators, and return the condition; `docs/filters.md` says what each means.
    """

    path: tuple[str, ...]

    def eq(self, value: Any) -> Condition:  # noqa: ANN401
        """Ask for what is equal; None asks for null."""
        return Condition(self.path, Operator.EQ, value)

    def ne(self, value: Any) -> Condition:  # noqa: ANN401
        """Ask for what is not equal, also null unless None is given."""
        return Condition(self.path, Operator.NE, value)

    def gt(self, value: Any) -> Condition:  # noqa: ANN401
        """Ask for what is greater."""
        return Condition(self.path, Operator.GT, value)

    def ge(self, value: Any) -> Condition:  # noqa: ANN401
        """Ask for what is greater or equal."""
        return Condition(self.path, Operator.GE, value)

    def lt(self, value: Any) -> Condition:  # noqa: ANN401
        """Ask for what is less."""
        return Condition(self.path, Operator.LT, value)

    def le(self, value: Any) -> Condition:  # noqa: ANN401
        """Ask for what is less or equal."""
        return Condition(self.path, Operator.LE, value)

    gte = ge
    lte = le

    def between(self, low: Any, high: Any) -> Condition:  # noqa: ANN401
        """Ask for what lies from `low` to `high`, both among it."""
        return Condition(self.path, Operator.BETWEEN, (low, high))

    def in_(self, values: Iterable[Any]) -> Condition:
        """Ask for one of the values; None among them asks for null too."""
        return Condition(self.path, Operator.IN, tuple(values))

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Ask for none of the values, also null unless None is among them."""
        return Condition(self.path, Operator.NOT_IN, tuple(values))

    def is_(self, value: bool | None) -> Condition:  # noqa: FBT001 - the value asked for
        """Ask for null, true or false."""
        return Condition(self.path, Operator.IS, value)

    def is_not(self, value: bool | None) -> Condition:  # noqa: FBT001 - the value asked for
        """Ask for anything but null, true or false."""
        return Condition(self.path, Operator.IS_NOT, value)

    def like(self, pattern: str) -> Condition:
        """Ask for what is like the pattern, in which % and _ are wildcards."""
        return Condition(self.path, Operator.LIKE, pattern)

    def not_like(self, pattern: str) -> Condition:
        """Ask for what is not like the pattern, also null."""
        return Condition(self.path, Operator.NOT_LIKE, pattern)

    def ilike(self, pattern: str) -> Condition:
        """Ask for what is like the pattern, whatever the case."""
        return Condition(self.path, Operator.ILIKE, pattern)

    def not_ilike(self, pattern: str) -> Condition:
        """Ask for what is not like the pattern in any case, also null."""
        return Condition(self.path, Operator.NOT_ILIKE, pattern)

    def startswith(self, piece: str) -> Condition:
        """Ask for what begins with this text."""
        return Condition(self.path, Operator.STARTSWITH, piece)

    def istartswith(self, piece: str) -> Condition:
        """Ask for what begins with this text, whatever the case."""
        return Condition(self.path, Operator.ISTARTSWITH, piece)

    def endswith(self, piece: str) -> Condition:
        """Ask for what ends with this text."""
        return Condition(self.path, Operator.ENDSWITH, piece)

    def iendswith(self, piece: str) -> Condition:
        """Ask for what ends with this text, whatever the case."""
        return Condition(self.path, Operator.IENDSWITH, piece)

    def contains(self, piece: str) -> Condition:
        """Ask for what holds this text."""
        return Condition(self.path, Operator.CONTAINS, piece)

    def icontains(self, piece: str) -> Condition:
        """Ask for what holds this text, whatever the case."""
        return Condition(self.path, Operator.ICONTAINS, piece)

    def match(self, words: str) -> Condition:
        """Ask for what holds every one of the words as a whole word, whatever the case."""
        return Condition(self.path, Operator.MATCH, words)

    def is_null(self, value: bool = True) -> Condition:  # noqa: FBT001, FBT002 - the value asked for
        """Ask for null, or with False for what is not null."""
        return Condition(self.path, Operator.IS_NULL, value)

    def has_key(self, key: str) -> Condition:
        """Ask for a JSON object with this key."""
        return Condition(self.path, Operator.HAS_KEY, key)

    def contains_json(self, value: JsonValue) -> Condition:
        """Ask for JSON that holds this value."""
        return Condition(self.path, Operator.CONTAINS_JSON, value)

    def overlap(self, items: Iterable[Any]) -> Condition:
        """Ask for a list with at least one of the items."""
        return Condition(self.path, Operator.OVERLAP, tuple(items))
