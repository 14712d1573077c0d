"""The shipped entities: a task manager. A team replaces it by naming its own modules in COUNTERFOIL_ENTITIES."""

from domain.member import Member
from domain.project import Project
from domain.task import Task

__all__ = ["Member", "Project", "Task"]
