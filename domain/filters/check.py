"""Trees checked against an entity: names that exist, values in the types of their fields, sizes within bounds."""

from dataclasses import dataclass

from domain.entities import Entities, EntityType
from domain.errors import InvalidFilter
from domain.filters.kinds import Kind
from domain.filters.limits import MAX_CONDITIONS, MAX_DEPTH, MAX_TEXT
from domain.filters.names import Names, resolve
from domain.filters.operators import ALIASES, Operator
from domain.filters.tree import And, Condition, Filter, Not, Or, Search
from domain.filters.values import typed_value
from domain.storable import UNSTORABLE, unstorable_path


def checked(entities: Entities, entity: EntityType, tree: Filter) -> Filter:
    """Return the tree with values in the types of their fields, second spellings replaced, and searches spelled out.

    A checked tree comes back as it is. Raises UnknownName, InvalidFilter.
    """
    return check(Names(entities, entity), tree)


def check(names: Names, tree: Filter) -> Filter:
    """Return the tree checked, as `checked` does, with these names alone."""
    return _Check(names).tree(tree, 1)


@dataclass
class _Check:
    """One walk through a tree, which counts the conditions."""

    names: Names
    conditions: int = 0

    def tree(self, tree: Filter, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            raise self._refusal(f"and, or and not stand more than {MAX_DEPTH} deep in one another")
        match tree:
            case Condition():
                self._count(1)
                return self._condition(tree)
            case And(parts) | Or(parts):
                if not parts:
                    raise self._refusal("an empty and or or says nothing; leave it out")
                return type(tree)(tuple(self.tree(part, depth + 1) for part in parts))
            case Not(part):
                return Not(self.tree(part, depth + 1))
            case Search():
                return self._search(tree)
        raise TypeError(f"{tree!r} is no filter")

    def _condition(self, condition: Condition) -> Condition:
        name = "__".join(condition.path)
        target, operator = resolve(self.names, name)
        if operator is not None:
            raise self._refusal(f"{operator!r} in the path; say it as the condition's operator", name)
        value = typed_value(target, Operator(condition.operator), condition.value)
        if condition.operator is Operator.NOT_IN and not value:
            raise self._refusal("an empty list excludes nothing; leave the condition out", name)
        return Condition(target.path, ALIASES.get(condition.operator, condition.operator), value)

    def _search(self, search: Search) -> Search:
        words = search.text.split()
        if not words:
            raise self._refusal("a search needs at least one word", "search")
        if len(search.text) > MAX_TEXT or unstorable_path(search.text) is not None:
            why = f"{len(search.text)} characters, at most {MAX_TEXT}" if len(search.text) > MAX_TEXT else UNSTORABLE
            raise self._refusal(why, "search")
        fields = search.fields or self._searched()
        if not fields:
            raise self._refusal("no text field to search in; name some in fields", "search")
        self._count(len(words) * len(fields))
        return Search(search.text, tuple(self._condition(_piece(field)).path for field in fields))

    def _searched(self) -> tuple[tuple[str, ...], ...]:
        found = [(name,) for name in self.names.columns]
        return tuple(path for path in found if resolve(self.names, path[0])[0].kind is Kind.TEXT)

    def _count(self, more: int) -> None:
        self.conditions += more
        if self.conditions > MAX_CONDITIONS:
            raise self._refusal(f"more than {MAX_CONDITIONS} conditions; say less, or use in")

    def _refusal(self, reason: str, field: str = "") -> InvalidFilter:
        return InvalidFilter.of(self.names.entity.name, field, reason)


def _piece(path: tuple[str, ...]) -> Condition:
    return Condition(path, Operator.ICONTAINS, "x")
