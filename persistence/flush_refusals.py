"""What a flush would write that the audit log could not tell of: each is refused."""

from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Mapper, Session, object_session

from domain.entities import Entities
from domain.entity import Entity
from domain.errors import UnauditedWrite

PURGED = "counterfoil_purged"
"""Where a session's `info` keeps the objects that its flush is to delete."""


def refuse_links(session: Session) -> None:
    """Refuse rows that the ORM would write by itself into a table between two: no entity, so that no audit row."""
    for instance in (*session.new, *session.dirty):
        for name, table in _linked(type(instance)) if isinstance(instance, Entity) else ():
            if inspect(instance).attrs[name].history.has_changes():
                raise UnauditedWrite(f"rows that {name_of(instance)}.{name} writes", table)


@cache
def _linked(model: type[Entity]) -> tuple[tuple[str, str], ...]:
    """Return the relations that write a table between two, with its name; those that are only looked at do not."""
    relations = inspect(model).relationships
    return tuple(
        (str(one.key), str(one.secondary)) for one in relations if one.secondary is not None and not one.viewonly
    )


def refuse_others(session: Session) -> None:
    """Refuse objects of a class of its own that is mapped to an entity's table."""
    entities: Entities = session.info["entities"]
    for instance in (*session.new, *session.dirty, *session.deleted):
        for table in () if isinstance(instance, Entity) else _tables(cast("Any", type(instance))):
            if table in entities:
                raise UnauditedWrite(f"an object of {type(instance).__name__}", table)


@cache
def _tables(model: Any) -> tuple[str, ...]:  # noqa: ANN401 - a mapped class
    return tuple(str(table.name) for table in inspect(model).tables)


def refuse_cascade(session: Session, instance: Entity) -> None:
    """Refuse a change that the ORM made by itself while it wrote another object."""
    if session.is_modified(instance, include_collections=False):
        raise UnauditedWrite("a change that the ORM cascaded", name_of(instance))


def refuse_new_id(instance: Entity) -> None:
    """Refuse an object whose id was changed."""
    if inspect(instance).attrs["id"].history.has_changes():
        raise UnauditedWrite("a change of an id", name_of(instance))


@event.listens_for(Entity, "before_delete", propagate=True)
def _refuse_orphans(_mapper: Mapper[Any], _connection: Connection, instance: Entity) -> None:
    """Refuse what the ORM deletes by itself, such as an object that a relation with `delete-orphan` has lost."""
    session = object_session(instance)
    purged = session.info.get(PURGED) if session is not None else None
    if purged is not None and id(instance) not in purged:
        raise UnauditedWrite("a deletion that the ORM cascaded", name_of(instance))


def name_of(instance: Entity) -> str:
    """Return the name of an object's entity."""
    return str(instance.__tablename__)
