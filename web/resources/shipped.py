"""The resources of the shipped entities."""

from persistence.task_manager import MemberService, ProjectService, TaskService
from web.resources.read_models import MemberRead, ProjectRead, TaskRead
from web.resources.resource import Resource

RESOURCES = (
    Resource(
        "projects",
        ProjectService(),
        ProjectRead,
        create={"key": "alpha", "name": "Alpha"},
        update={"name": "Alpha, second phase"},
    ),
    Resource(
        "members",
        MemberService(),
        MemberRead,
        create={"key": "ada", "name": "Ada Lovelace", "email": "ada@example.com"},
        update={"email": None},
    ),
    Resource(
        "tasks",
        TaskService(),
        TaskRead,
        create={"key": "ALP-1", "title": "Sow", "project_id": 1, "tags": ["garden"]},
        update={"status": "doing", "priority": "high"},
    ),
)
