"""The services of the shipped entities: projects, members and their tasks."""

from domain.member import Member, MemberCreate, MemberUpdate
from domain.project import Project, ProjectCreate, ProjectUpdate
from domain.task import Task, TaskCreate, TaskStatus, TaskUpdate
from persistence.service import ServiceBase
from persistence.services.bound import Names, Read


class ProjectService(ServiceBase[Project, ProjectCreate, ProjectUpdate]):
    """Projects."""

    async def progress(self, read: Read, project_id: int) -> dict[TaskStatus, int]:
        """Return how many live tasks of the project have each status; those that no task has are left out."""
        found = await TaskService().aggregate(read, by="status", project_id=project_id)
        return {group.by["status"]: group.count for group in found}


class MemberService(ServiceBase[Member, MemberCreate, MemberUpdate]):
    """Members."""

    async def workload(self, read: Read) -> dict[int, int]:
        """Return how many live tasks that are not done each member has, by the member's id; without any, left out."""
        found = await TaskService().aggregate(read, by="assignee_id", assignee_id__is_null=False, status__ne="done")
        return {group.by["assignee_id"]: group.count for group in found}


class TaskService(ServiceBase[Task, TaskCreate, TaskUpdate]):
    """Tasks."""

    async def of_project(self, read: Read, project: str, *, sort: Names = "key", load: Names = ()) -> list[Task]:
        """Return the live tasks of the live project with this key."""
        return await self.find(read, project__key=project, sort=sort, load=load)
