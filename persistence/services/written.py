"""What a service hands to the writing functions, and how objects are read back after them."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python
from sqlalchemy import inspect, select

from domain.commands import Command, Row
from domain.entities import EntityType
from domain.entity import Entity
from domain.errors import InvalidCommand, InvalidRows, Problem
from persistence.live_rows import INCLUDE_DELETED
from persistence.rows_among import scalars_among
from persistence.transaction import Transaction

AnyCommand = TypeVar("AnyCommand", bound=Command)


def row_of(values: BaseModel | Mapping[str, Any]) -> Row:
    """Return what a schema or a mapping says of a row, as JSON; a field that was not set is not said.

    Raises InvalidRows for values that JSON cannot say.
    """
    try:
        if isinstance(values, BaseModel):
            return values.model_dump(mode="json", exclude_unset=True)
        return cast("Row", to_jsonable_python(dict(values)))
    except (PydanticSerializationError, UnicodeError) as error:
        raise InvalidRows("row", (Problem(None, "", f"holds what JSON cannot say: {error}"),)) from None


def command(kind: type[AnyCommand], **arguments: Any) -> AnyCommand:  # noqa: ANN401 - the command's own arguments
    """Return a command, the same as a job has; raises InvalidCommand."""
    try:
        return kind(**arguments)
    except ValidationError as error:
        found = (
            Problem(None, ".".join(map(str, detail["loc"])), detail["msg"].removeprefix("Value error, "))
            for detail in error.errors(include_url=False)
        )
        raise InvalidCommand(kind.job, tuple(found)) from None


async def refresh(tx: Transaction, entity: EntityType, ids: Collection[int] | None = None) -> None:
    """Read again the objects of the session that stand for these rows (by default all of the entity's).

    A set-based write goes round the session, whose objects would say what was. What was purged is forgotten. Sends
    nothing where the session holds no such object.
    """
    held: dict[int, Entity] = {}
    for instance in tx.session.identity_map.values():
        if isinstance(instance, entity.model) and (identity := inspect(instance).identity):
            held[identity[0]] = instance
    wanted = [row_id for row_id in held if ids is None or row_id in ids]
    if not wanted:
        return
    model: Any = entity.model
    query = select(model).execution_options(**{"populate_existing": True, INCLUDE_DELETED: True})
    found = await scalars_among(tx.reader, query, model.id, wanted)
    for row_id in set(wanted) - {row.id for row in found}:
        tx.session.expunge(held[row_id])
