"""Conditions on an entity's rows, from the words of a selection."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import any_, literal

from domain.commands import Key, Row
from domain.entities import Entities, EntityType
from domain.errors import UnknownName
from domain.rows import dotted_names, field_value, key_value, reference_named
from persistence.references import resolve_keys
from persistence.transaction import Transaction

OPERATORS = ("eq",)
"""What `field__operator` may say in `where`."""


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return `column = ANY (values)`: one parameter whatever their number, where IN has one for each."""
    return column == any_(literal(list(values), ARRAY(column.type)))


async def conditions_of(tx: Transaction, entity: EntityType, where: Row) -> list[ColumnElement[bool]]:
    """Return what a `where` asks of live rows; related rows that it names by key are locked against deletion.

    Raises UnknownName for a name that is no field or reference, InvalidRows for a value that its field cannot hold.
    """
    conditions: list[ColumnElement[bool]] = []
    for name, value in where.items():
        reference = reference_named(tx.entities, entity, name)
        if reference is not None and value is None:
            conditions.append(entity.table.c[reference.column].is_(None))
        elif reference is not None:
            target = tx.entities[reference.target]
            ids = await resolve_keys(tx, target, [key_value(target, cast("Key", value))])
            conditions.append(entity.table.c[reference.column].in_(list(ids.values())))
        else:
            conditions.append(_equal(tx.entities, entity, name, value))
    return conditions


def _equal(
    entities: Entities,
    entity: EntityType,
    name: str,
    value: Any,  # noqa: ANN401 - a JSON value
) -> ColumnElement[bool]:
    field, _, operator = name.partition("__")
    fields = {str(column.name) for column in entity.table.columns}
    if field not in fields:
        raise UnknownName("field", name, (*fields, *dotted_names(entities, entity)))
    if operator and operator not in OPERATORS:
        raise UnknownName("operator", operator, OPERATORS)
    column = entity.table.c[field]
    if value is None:
        return column.is_(None)
    return cast("ColumnElement[bool]", column == field_value(entity, field, value))
