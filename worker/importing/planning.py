"""The plan of an import, made from its options and the file's header before the first row is read."""

from collections.abc import Collection, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

from domain.commands import Row
from domain.entities import Entities, EntityType
from domain.errors import UnknownName
from domain.rows import dotted_names, reference_named
from worker.importing.errors import MissingFields, NothingTaken, WrongOption
from worker.importing.json_text import parse_json
from worker.importing.plan import NOTED, Plan


def make_plan(
    entities: Entities,
    entity: EntityType,
    header: Sequence[str] | None,
    *,
    maps: Mapping[str, str],
    sets: Mapping[str, str],
) -> Plan:
    """Return the plan for a CSV file with this header, or for NDJSON, which has none.

    Without `maps`, columns that are named as fields are taken by those. A value of `sets` stands in every row for which
    the file says nothing: no column, or an empty cell. Raises UnknownName for a field or a column
    that does not exist, WrongOption, NothingTaken, and MissingFields where nothing gives a field that every row needs.
    """
    known = (*entity.create.model_fields, *dotted_names(entities, entity))
    for name in (*maps, *sets):
        if name not in known:
            raise UnknownName("field", name, known)
    parsed = frozenset(name for name, info in entity.create.model_fields.items() if takes_json(info.annotation))
    plan = Plan(frozenset(known), _constants(sets, parsed), dict(maps) or None)
    if header is not None:
        plan.columns = _columns(entity, header, known, maps)
        plan.json_fields, plan.empty_is_absent = parsed, True
        plan.left = dict.fromkeys(name for name in header[:NOTED] if not maps and name not in plan.columns)
    if plan.columns is not None:
        _refuse_missing(entities, entity, {*plan.columns, *sets})
    return plan


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
            raise WrongOption("--set", f"{name}={text}", f"expected JSON, such as [] or {{}} ({error})") from None
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


def _refuse_missing(entities: Entities, entity: EntityType, given: Collection[str]) -> None:
    by_key = {
        reference.column: name
        for name in dotted_names(entities, entity)
        if (reference := reference_named(entities, entity, name))
    }
    needed = (name for name, info in entity.create.model_fields.items() if info.is_required())
    missing = [by_key.get(name, name) for name in needed if not {name, by_key.get(name, name)} & set(given)]
    if missing:
        raise MissingFields(entity.name, tuple(missing))
