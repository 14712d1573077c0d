"""Rows and change sets as senders write them, checked against an entity's schema before any database sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from sqlmodel import SQLModel

from domain.commands import Key, Row
from domain.entities import Entities, EntityType, Reference
from domain.errors import InvalidRows, Problem, unknown
from domain.integer_bounds import open_bounds
from domain.moments import has_utc
from domain.storable import UNSTORABLE, unstorable_path

_NOT_A_NUMBER = "Input should be a number, not true or false"

PLACEHOLDER_ID = 1
"""Stands for an id that is looked up later by natural key, so that the schema can judge the rest of the row."""


@dataclass(frozen=True)
class CheckedRow:
    """A row that fits its schema: JSON values by column, and the references still to be looked up, by column."""

    number: int
    values: Row
    references: dict[str, Key] = field(default_factory=dict)


@dataclass
class Checked:
    """Rows by whether they fit."""

    rows: list[CheckedRow]
    refused: list[Problem]


def parse_rows(
    entities: Entities, entity: EntityType, rows: Sequence[Row], *, changes: bool = False
) -> list[CheckedRow]:
    """Return the rows checked; with `changes` each is a change set, in which fields may be left out.

    Raises InvalidRows with every problem of every row.
    """
    checked = check_rows(entities, entity, rows, changes=changes)
    if checked.refused:
        raise InvalidRows(entity.name, tuple(checked.refused))
    return checked.rows


def check_rows(entities: Entities, entity: EntityType, rows: Sequence[Row], *, changes: bool = False) -> Checked:
    """Return the rows that fit the entity's create schema (with `changes` the update schema), and all problems."""
    schema = entity.update if changes else entity.create
    split = [split_row(entities, entity, number, row) for number, row in enumerate(rows)]
    refused = [problem for _, _, problems in split for problem in problems]
    plain = [values for values, _, _ in split]
    refused += _schema_problems(schema, plain)
    bad = {problem.row for problem in refused}
    good = [number for number in range(len(rows)) if number not in bad]
    dumped = dict(zip(good, _dump(schema, [plain[number] for number in good], exclude_unset=changes), strict=True))
    refused += _out_of_range(entity, schema, dumped)
    bad = {problem.row for problem in refused}
    kept = [CheckedRow(n, values, split[n][1]) for n, values in dumped.items() if n not in bad]
    return Checked(kept, sorted(refused, key=lambda problem: (problem.row or 0, problem.field)))


def key_value(entity: EntityType, value: Key) -> Key:
    """Return a natural key in the type of its column, such as 42 for "42"; raises InvalidRows where it has none."""
    name = entity.natural_key
    if name is None:
        problem = Problem(None, "key", f"{entity.name} has no natural key; select by id or where")
        raise InvalidRows(entity.name, (problem,))
    found: Key = field_value(entity, name, value)
    return found


def field_value(entity: EntityType, name: str, value: JsonValue) -> Any:  # noqa: ANN401 - the type of the column
    """Return a JSON value in the Python type of a field; raises InvalidRows."""
    if _takes_bool_for_number(entity, name, value):
        raise InvalidRows(entity.name, (Problem(None, name, _NOT_A_NUMBER),))
    try:
        found = _field_adapter(entity.model, name).validate_python(value)
    except ValidationError as error:
        problems = tuple(Problem(None, name, detail["msg"]) for detail in error.errors(include_url=False))
        raise InvalidRows(entity.name, problems) from None
    if isinstance(found, datetime) and not has_utc(found):
        raise InvalidRows(entity.name, (Problem(None, name, f"{value} is outside the years 1 to 9999 in UTC"),))
    bounds = entity.integer_bounds.get(name)
    if bounds is not None and (why := bounds.refusal(found)) is not None:
        raise InvalidRows(entity.name, (Problem(None, name, why),))
    return found


def reference_named(entities: Entities, entity: EntityType, name: str) -> Reference | None:
    """Return the reference that a dotted name such as `project.key` means, or None."""
    first, _, last = name.partition(".")
    reference = entity.references.get(first)
    if reference is None or reference.target not in entities:
        return None
    return reference if entities[reference.target].natural_key == last else None


def dotted_names(entities: Entities, entity: EntityType) -> list[str]:
    """Return the names by which a row may refer to related rows, such as `project.key`."""
    keys = {
        reference.name: entities[reference.target].natural_key
        for reference in entity.references.values()
        if reference.target in entities
    }
    return [f"{name}.{key}" for name, key in keys.items() if key]


def split_row(
    entities: Entities, entity: EntityType, number: int, row: Row
) -> tuple[Row, dict[str, Key], list[Problem]]:
    """Return a row's own values, the natural keys of its related rows by foreign key, and what is wrong with it."""
    values: Row = {}
    references: dict[str, Key] = {}
    problems: list[Problem] = []
    if (path := unstorable_path(row)) is not None:
        problems.append(Problem(number, path, UNSTORABLE))
    for name, value in row.items():
        if "." not in name:
            values[name] = value
            if _takes_bool_for_number(entity, name, value):
                problems.append(Problem(number, name, _NOT_A_NUMBER))
            continue
        reference = reference_named(entities, entity, name)
        if reference is None:
            problems.append(Problem(number, name, unknown("field", name, dotted_names(entities, entity))))
        elif reference.column in row:
            problems.append(Problem(number, name, f"given beside {reference.column}; say one of the two"))
        elif value is None:
            values[reference.column] = None
        else:
            values[reference.column] = PLACEHOLDER_ID
            _take_reference(
                entities[reference.target], reference.column, Problem(number, name, ""), value, references, problems
            )
    return values, references, problems


def _take_reference(  # noqa: PLR0913, PLR0917 - all of it is one row's state
    target: EntityType, column: str, at: Problem, value: JsonValue, references: dict[str, Key], problems: list[Problem]
) -> None:
    try:
        references[column] = field_value(target, str(target.natural_key), value)
    except InvalidRows as error:
        problems.extend(at._replace(message=found.message) for found in error.found)


def _takes_bool_for_number(entity: EntityType, name: str, value: JsonValue) -> bool:
    """Tell whether Pydantic would read `true` as the number 1, and a reference as one to row 1."""
    if not isinstance(value, bool) or name not in entity.model.model_fields:
        return False
    annotation = entity.model.model_fields[name].annotation
    kinds = {annotation, *get_args(annotation)}
    return bool not in kinds and not kinds.isdisjoint({int, float, Decimal})


def _schema_problems(schema: type[SQLModel], rows: list[Row]) -> list[Problem]:
    try:
        _rows_adapter(schema).validate_python(rows)
    except ValidationError as error:
        return [
            schema_problem(schema, int(detail["loc"][0]), detail["loc"][1:], detail)
            for detail in error.errors(include_url=False)
        ]
    return []


def schema_problem(schema: type[SQLModel], number: int, path: tuple[int | str, ...], detail: ErrorDetails) -> Problem:
    """Return what Pydantic says of a row, with the nearest valid name for an unknown one."""
    name = ".".join(str(part) for part in path)
    message = detail["msg"]
    if detail["type"] == "extra_forbidden":
        message = unknown("field", name, schema.model_fields)
    return Problem(number, name, message)


def _out_of_range(entity: EntityType, schema: type[SQLModel], rows: Mapping[int, Row]) -> list[Problem]:
    bounds = open_bounds(schema, entity.integer_bounds)
    asked = ((n, name, bound.refusal(row.get(name))) for name, bound in bounds for n, row in rows.items())
    return [Problem(n, name, why) for n, name, why in asked if why is not None]


def _dump(schema: type[SQLModel], rows: list[Row], *, exclude_unset: bool) -> list[Row]:
    adapter = _rows_adapter(schema)
    dumped: list[Row] = adapter.dump_python(adapter.validate_python(rows), mode="json", exclude_unset=exclude_unset)
    return dumped


@cache
def _rows_adapter(schema: type[SQLModel]) -> TypeAdapter[Any]:
    return TypeAdapter(list[schema])  # type: ignore[valid-type]


@cache
def _field_adapter(model: type[SQLModel], name: str) -> TypeAdapter[Any]:
    annotation: Any = model.model_fields[name].annotation
    return TypeAdapter(annotation)
