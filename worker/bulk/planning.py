"""Which column each field takes, decided from a source's description and its header before the first row is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

from domain.commands import Row
from domain.entities import Entities, EntityType
from domain.errors import UnknownName
from domain.reject import REJECT_COLUMNS, UNREADABLE_COLUMN
from domain.rows import dotted_names, reference_named
from domain.source import Source
from worker.bulk.errors import MissingFields, NoJson, NothingTaken
from worker.bulk.mapping import NOTED, Mapped
from worker.sources.json_text import parse_json


@dataclass(frozen=True, slots=True)
class Rows:
    """What rows are for: the schema that they fit, whose fields may be left out with `changes`, and further names.

    `parents` are fields of related rows that may be created, such as `project.name`; `named_by` is the field that names
    the row which a change means.
    """

    entities: Entities
    entity: EntityType
    changes: bool = False
    parents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    named_by: str | None = None

    def known(self) -> tuple[str, ...]:
        """Return all names that a row may have."""
        own = self.entity.create.model_fields
        related = [f"{name}.{one}" for name, fields in self.parents.items() for one in fields]
        named = () if self.named_by is None or self.named_by in own else (self.named_by,)
        return (*named, *own, *dotted_names(self.entities, self.entity), *related)

    def refuse_missing(self, given: Collection[str]) -> None:
        """Raise MissingFields where neither a column nor a value gives a field that every row needs."""
        if self.changes:
            missing = [] if self.named_by is None or self.named_by in given else [self.named_by]
        else:
            missing = _missing(self.entities, self.entity, given) + self._missing_parents(given)
        if missing:
            raise MissingFields(self.entity.name, tuple(missing))

    def _missing_parents(self, given: Collection[str]) -> list[str]:
        found = []
        for name in self.parents:
            target = self.entities[self.entity.references[name].target]
            if f"{name}.{target.natural_key}" in given:
                needed = (one for one, info in target.create.model_fields.items() if info.is_required())
                found += [f"{name}.{one}" for one in needed if f"{name}.{one}" not in given]
        return found


def mapped(rows: Rows, source: Source, header: Sequence[str] | None) -> Mapped:
    """Return the mapping of a source with this header, or of JSON records, which have none.

    Without `source.map`, columns that are named as fields are taken by those. A value of `source.set` stands in every
    row for which a record says nothing: no column, or an empty cell. Raises UnknownName for a field or a column that
    does not exist, NoJson, NothingTaken, and MissingFields.
    """
    known = rows.known()
    for name in (*source.map, *source.set, *([source.distinct] if source.distinct else ())):
        if name not in known:
            raise UnknownName("field", name, known)
    fields = rows.entity.create.model_fields
    parsed = frozenset(name for name, info in fields.items() if takes_json(info.annotation))
    found = Mapped(frozenset(known), _constants(source.set, parsed), dict(source.map) or None)
    if header is not None:
        found.header, found.json_fields = tuple(header), parsed
        found.columns = _columns(rows.entity, header, known, source.map)
        found.left = {} if source.map else _left(header, found.columns)
    if found.columns is not None:
        rows.refuse_missing({*found.columns, *source.set})
    if source.distinct is not None and source.distinct not in found.given():
        raise UnknownName("mapped field", source.distinct, tuple(found.given()))
    return found


def takes_json(annotation: Any) -> bool:  # noqa: ANN401 - an annotation may be anything
    """Tell whether a field holds lists or objects and no text, so that a cell of it must be JSON."""
    kinds = [kind for kind in _alternatives(annotation) if isinstance(kind, type)]
    if any(issubclass(kind, str | bytes) for kind in kinds):
        return False
    return any(issubclass(kind, Collection | BaseModel) for kind in kinds)


def _alternatives(annotation: Any) -> list[Any]:  # noqa: ANN401 - an annotation may be anything
    annotation = getattr(annotation, "__value__", annotation)  # `type` aliases
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _alternatives(inner[0])
    if origin in {Union, UnionType}:
        return [kind for one in inner for kind in _alternatives(one)]
    return [origin or annotation]


def _constants(sets: Mapping[str, str], parsed: Collection[str]) -> Row:
    found: dict[str, JsonValue] = {}
    for name, text in sets.items():
        try:
            found[name] = parse_json(text) if name in parsed else text
        except ValueError as error:
            raise NoJson(name, text, str(error)) from None
    return found


def _columns(
    entity: EntityType, header: Sequence[str], known: Collection[str], maps: Mapping[str, str]
) -> dict[str, str]:
    for column in maps.values():
        if column not in header:
            raise UnknownName("column", column, tuple(header))
    taken = dict(maps) or {name: name for name in header if name in known}
    if not taken:
        raise NothingTaken(entity.name, tuple(header), tuple(known))
    return taken


def _left(header: Sequence[str], taken: Collection[str]) -> dict[str, None]:
    own = {*taken, *REJECT_COLUMNS, UNREADABLE_COLUMN}
    return dict.fromkeys([name for name in header if name not in own][:NOTED])


def _missing(entities: Entities, entity: EntityType, given: Collection[str]) -> list[str]:
    by_key = {
        reference.column: name
        for name in dotted_names(entities, entity)
        if (reference := reference_named(entities, entity, name))
    }
    needed = (name for name, info in entity.create.model_fields.items() if info.is_required())
    return [by_key.get(name, name) for name in needed if not {name, by_key.get(name, name)} & set(given)]
