"""A service: everything that a program does with the rows of one entity, typed, audited, and never committing."""

from typing import Any

from domain.entities import EntityType
from persistence.pages.page import OffsetPage, Page
from persistence.services.bound import Create, Model, Read, Update
from persistence.services.deletion import Deletion
from persistence.services.pages import Pages
from persistence.services.sums import Aggregate, Sums

__all__ = ["Aggregate", "OffsetPage", "Page", "Read", "ServiceBase", "service_of"]


class ServiceBase(
    Pages[Model, Create, Update],
    Sums[Model, Create, Update],
    Deletion[Model, Create, Update],
):
    """The service of an entity, to be derived from: `class Tasks(ServiceBase[Task, TaskCreate, TaskUpdate])`.

    It holds no state: an instance is made where it is used. Reads take a Reader or a Transaction, writes a
    Transaction alone, which commits when its scope ends and not before.
    """


def service_of(entity: EntityType) -> ServiceBase[Any, Any, Any]:
    """Return a service of an entity that is known by its name alone, such as one that a person has typed."""
    made: type[ServiceBase[Any, Any, Any]] = type(entity.name, (ServiceBase,), {"model": entity.model})
    return made()
