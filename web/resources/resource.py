"""What an entity is over HTTP."""

from dataclasses import dataclass
from typing import Any

from persistence.service import ServiceBase
from web.resources.read_models import EntityRead


@dataclass(frozen=True, slots=True)
class Resource:
    """An entity's routes: below `/{path}`, by its service, showing what its read model names and nothing else.

    `create` and `update` are examples of bodies, which the document shows; a test sends them.
    """

    path: str
    service: ServiceBase[Any, Any, Any]
    read: type[EntityRead]
    create: dict[str, Any]
    update: dict[str, Any]

    @property
    def name(self) -> str:
        """The entity's name."""
        return str(self.service.model.__tablename__)
