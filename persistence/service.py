"""A service: everything that a program does with the rows of one entity, typed, audited, and never committing."""

from persistence.pages.page import OffsetPage, Page
from persistence.services.bound import Create, Model, Read, Update
from persistence.services.deletion import Deletion
from persistence.services.pages import Pages
from persistence.services.sums import Aggregate, Sums

__all__ = ["Aggregate", "OffsetPage", "Page", "Read", "ServiceBase"]


class ServiceBase(
    Pages[Model, Create, Update],
    Sums[Model, Create, Update],
    Deletion[Model, Create, Update],
):
    """The service of an entity, to be derived from: `class Tasks(ServiceBase[Task, TaskCreate, TaskUpdate])`.

    It holds no state: an instance is made where it is used. Reads take a Reader or a Transaction, writes a
    Transaction alone, which commits when its scope ends and not before.
    """
