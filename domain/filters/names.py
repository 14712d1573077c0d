"""Which names a filter may use, and where each leads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from domain.entities import Entities, EntityType
from domain.errors import InvalidFilter, UnknownName
from domain.filters.kinds import Kind, kind_of
from domain.filters.operators import Operator
from domain.filters.relations import Relation, relations_of

_OPERATORS = frozenset(operator.value for operator in Operator)

HOPS = 5
"""Relations that one name may lead through; each is a subquery within the one before."""

REMEMBERED = 100
"""Characters of a name that is worth remembering: a sender's own inventions must not fill the memory."""


@dataclass(frozen=True)
class Target:
    """Where a name leads: through relations to a column, or with `column` None to the last of the relations.

    `names` are those of the entity at which it ends.
    """

    names: "Names"
    relations: tuple[Relation, ...]
    column: str | None

    @property
    def path(self) -> tuple[str, ...]:
        """The names on the way, as a condition holds them."""
        return (*(relation.name for relation in self.relations), *([self.column] if self.column else []))

    @property
    def kind(self) -> Kind:
        """The kind of the column."""
        return kind_of(self.names.entity.table.c[self.column].type) if self.column else Kind.RELATION


@dataclass(frozen=True)
class Names:
    """What a filter may name of an entity: with `allowed` None every column and relation, otherwise these alone.

    An allowed name is a column, a relation (whose entity says by itself what is allowed), or leads through relations
    to a column (`project.key`).
    """

    entities: Entities
    entity: EntityType
    allowed: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that may be named."""
        columns = tuple(self.entity.table.c.keys())
        return columns if self.allowed is None else tuple(name for name in columns if name in self.allowed)

    @property
    def relations(self) -> Mapping[str, Relation]:
        """The relations that may be named."""
        found = {n: one for n, one in relations_of(self.entity).items() if one.target in self.entities}
        if self.allowed is None:
            return found
        first = {name.partition(".")[0] for name in self.allowed}
        return {name: one for name, one in found.items() if name in first}

    def through(self, relation: Relation) -> "Names":
        """Return the names beyond a relation."""
        target = self.entities[relation.target]
        if self.allowed is None:
            return Names(self.entities, target)
        if relation.name in self.allowed and relation.name not in self.columns:
            return client_names(self.entities, target)
        prefix = f"{relation.name}."
        return Names(self.entities, target, tuple(n.removeprefix(prefix) for n in self.allowed if n.startswith(prefix)))

    def known(self, before: str, separator: str) -> list[str]:
        """Return names worth proposing: the columns, and those columns of related rows by which people know them."""
        found = list(self.columns)
        for name, relation in self.relations.items():
            beyond = self.through(relation)
            key = beyond.entity.natural_key
            found += [f"{name}{separator}{key}"] if key in beyond.columns else [name]
        return [before + name for name in dict.fromkeys(found)]


def client_names(entities: Entities, entity: EntityType) -> Names:
    """Return the names that a client may use: those in `filterable` of the entity, by default all of its columns."""
    allowed = entity.model.filterable
    return Names(entities, entity, tuple(entity.table.c.keys()) if allowed is None else allowed)


def resolve(names: Names, name: str) -> tuple[Target, str | None]:
    """Return where a name such as `project__key__startswith` or `project.key` leads, and its operator, None for none.

    Raises UnknownName, with the nearest valid name, and InvalidFilter for a name that leads too far.
    """
    return _resolved(names, name) if len(name) <= REMEMBERED else _resolve(names, name)


def _resolve(names: Names, name: str) -> tuple[Target, str | None]:
    here, rest, taken = names, name, list[Relation]()
    while True:
        if found := _column(here, rest):
            return Target(here, tuple(taken), found), _operator(rest, found)
        relation = _relation(here, rest)
        if relation is None:
            raise _unknown(here, name, rest)
        if len(taken) == HOPS:
            raise InvalidFilter.of(names.entity.name, name, f"leads through more than {HOPS} relations")
        taken.append(relation)
        here, after = here.through(relation), rest[len(relation.name) :]
        if after in {"", "__is_null"}:
            return Target(here, tuple(taken), None), after.removeprefix("__") or None
        rest = after.removeprefix("__") if after.startswith("__") else after.removeprefix(".")


_resolved = lru_cache(maxsize=4096)(_resolve)


def _column(here: Names, rest: str) -> str | None:
    """Return the column with which the rest begins, unless a relation of that name leads further on."""
    columns = here.columns
    found = rest if rest in columns else _longest(columns, rest, ("__",))
    if found is None or rest == found:
        return found
    leads_on = _longest(here.relations, rest, (".", "__"))
    after = rest[len(found) :].removeprefix("__")
    return None if leads_on and len(leads_on) >= len(found) and after not in _OPERATORS else found


def _relation(here: Names, rest: str) -> Relation | None:
    found = _longest(here.relations, rest, (".", "__"))
    return here.relations[found] if found else None


def _longest(names: Iterable[str], rest: str, separators: tuple[str, ...]) -> str | None:
    fitting = [one for one in names if rest == one or rest.startswith(tuple(one + mark for mark in separators))]
    return max(fitting, key=len, default=None)


def _operator(rest: str, column: str) -> str | None:
    return None if rest == column else rest[len(column) :].removeprefix("__")


def _unknown(here: Names, name: str, rest: str) -> UnknownName:
    before = name.removesuffix(rest)
    field, _, operator = name.rpartition("__")
    shown = field if operator in _OPERATORS and field.removeprefix(before) else name
    return UnknownName("field", shown, tuple(here.known(before, "." if "." in name else "__")))
