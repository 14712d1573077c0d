"""Whoever says which version they have read is refused when it is another one now, by every write."""

import pytest

from domain.commands import Command, Restore, SoftDelete, Update
from domain.entities import Entities
from domain.errors import StaleVersion
from persistence.restore import restore_rows
from persistence.sessions import Sessions
from persistence.soft_delete import soft_delete_rows
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.worlds import apply, begin, images, plant

pytestmark = pytest.mark.on_every_engine

WRITES: list[Command] = [
    Update(entity="task", key=["t0", "t1"], changes={"title": "new"}, expected_version=2),
    Update(entity="task", where={"status": "pending"}, changes={"title": "new"}, expected_version=2),
    Update(entity="task", changes_by_key={"t1": {"title": "new"}}, expected_version={"t1": 2}),
    SoftDelete(entity="task", key=["t0", "t1"], expected_version=2),
    SoftDelete(entity="task", where={"status": "pending"}, expected_version=2, cascade=True),
    Restore(entity="task", id=[2], expected_version=2),
]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("command", WRITES, ids=lambda command: command.job)
async def test_a_row_of_another_version_is_refused_by_every_write(
    sessions: Sessions, entities: Entities, command: Command, *, large: bool
) -> None:
    """Also by those whose rows do not travel; nothing is written then."""
    await plant(sessions, tasks=2)
    await apply(sessions, Update(entity="task", key=["t0"], changes={"title": "newer"}))
    before = await images(sessions, "task")
    most = 0 if large else 100
    with pytest.raises(StaleVersion) as refused:  # noqa: PT012 - one of three calls
        async with begin(sessions) as tx:
            if isinstance(command, Update):
                await update_rows(tx, entities["task"], command, large=most)
            elif isinstance(command, SoftDelete):
                await soft_delete_rows(tx, entities["task"], command, large=most)
            elif isinstance(command, Restore):
                await restore_rows(tx, command, large=most)
    assert (refused.value.entity_id, refused.value.expected, refused.value.actual) == (2, 2, 1)
    assert await images(sessions, "task") == before


async def test_the_expected_version_lets_a_deletion_and_its_restore_through(sessions: Sessions) -> None:
    """Each of them raises it; what a cascade takes along is not asked."""
    await plant(sessions, tasks=2)
    deleted = await apply(sessions, SoftDelete(entity="project", id=[1], cascade=True, expected_version=1))
    assert deleted.deleted == 3
    assert (await apply(sessions, Restore(entity="project", id=[1], expected_version=2))).restored == 1
    assert [row["version"] for row in (await images(sessions, "project")).values()] == [3]
    await assert_balanced(sessions)
