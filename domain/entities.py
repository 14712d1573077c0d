"""Which entities there are, and how their tables refer to one another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import cast

from sqlalchemy import Table
from sqlmodel import SQLModel

from domain.entity import Entity
from domain.errors import UnknownName
from domain.integer_bounds import Bounds, integer_bounds


@dataclass(frozen=True)
class Reference:
    """A foreign key: `project` (its name in rows, as in `project.key`), `project_id`, and the entity it points to."""

    name: str
    column: str
    target: str


@dataclass(frozen=True)
class EntityType:
    """An entity as the services see it: its name, its model, and how it refers to others."""

    name: str
    model: type[Entity]

    @property
    def table(self) -> Table:
        """The entity's table."""
        return cast("Table", self.model.__table__)  # type: ignore[attr-defined]

    @property
    def create(self) -> type[SQLModel]:
        """The schema of a new row."""
        return self.model.create_schema

    @property
    def update(self) -> type[SQLModel]:
        """The schema of a change set."""
        return self.model.update_schema

    @property
    def natural_key(self) -> str | None:
        """The field by which people know a row, or None."""
        return self.model.natural_key

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        """The foreign keys by their name in rows: the column without its `_id`."""
        found = {}
        for column in self.table.columns:
            for key in column.foreign_keys:
                name = column.name.removesuffix("_id")
                found[name] = Reference(name, column.name, key.column.table.name)
        return found

    @cached_property
    def integer_bounds(self) -> Mapping[str, Bounds]:
        """The integers that each integer column takes."""
        return integer_bounds(self.table)

    @property
    def owners(self) -> tuple[Reference, ...]:
        """The references along which a soft delete cascades to this entity."""
        return tuple(reference for reference in self.references.values() if reference.column in self.model.owners)


class Entities(Mapping[str, EntityType]):
    """The entities of one process by name; unknown names are refused with the nearest one."""

    def __init__(self, models: Iterable[type[Entity]]) -> None:
        """Take the table models; each is known by the name of its table.

        Raises TypeError for a foreign key by which the database would write rows itself.
        """
        types = [EntityType(str(model.__tablename__), model) for model in models]
        for entity in types:
            _refuse_silent_writes(entity)
        self._types = {entity.name: entity for entity in types}

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same object: a process has one, and caches know what was found by it."""
        return self is other

    def __hash__(self) -> int:
        """Return the object's own."""
        return id(self)

    def __getitem__(self, name: str) -> EntityType:
        """Return the entity of this name; raise UnknownName."""
        if name not in self._types:
            raise UnknownName("entity", name, tuple(self._types))
        return self._types[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such an entity."""
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._types)

    def __len__(self) -> int:
        """Return how many entities there are."""
        return len(self._types)

    def owned_by(self, name: str) -> list[tuple[EntityType, Reference]]:
        """Return the entities that `name` owns, each with the foreign key of the ownership."""
        return [(entity, owner) for entity in self._types.values() for owner in entity.owners if owner.target == name]


def _refuse_silent_writes(entity: EntityType) -> None:
    for key in entity.table.foreign_keys:
        for when, action in (("DELETE", key.ondelete), ("UPDATE", key.onupdate)):
            if action is not None and action.upper() not in {"RESTRICT", "NO ACTION"}:
                raise TypeError(
                    f"{entity.name}.{key.parent.name}: ON {when} {action} would write rows without audit rows; leave "
                    "it out, and name the column in `owners` to have a soft delete cascade"
                )


def collect(modules: Iterable[ModuleType]) -> Entities:
    """Return the entities that the modules define or import: their `Entity` subclasses that are tables."""
    found = {
        value: None
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Entity) and hasattr(value, "__table__")
    }
    return Entities(found)
