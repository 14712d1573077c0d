"""The scope alone ends a transaction: a handler has no way to keep half of a job."""

import pytest

from domain.errors import OwnEnding
from domain.project import Project
from persistence.sessions import Sessions
from tests.worlds import begin, images

pytestmark = pytest.mark.on_every_engine


@pytest.mark.parametrize("ending", ["commit", "rollback"])
@pytest.mark.parametrize("half", ["async", "sync"])
async def test_a_handler_cannot_end_its_transaction(sessions: Sessions, ending: str, half: str) -> None:
    """A commit or a rollback inside the block is refused, on either half of the session, and nothing is left."""

    async def handle() -> None:
        async with begin(sessions) as tx:
            tx.session.add(Project(key="half", name="Half"))
            await tx.session.flush()
            if half == "async":
                await getattr(tx.session, ending)()
            else:
                await tx.session.run_sync(lambda session: getattr(session, ending)())

    with pytest.raises(OwnEnding, match="begin_nested"):
        await handle()
    assert await images(sessions, "project") == {}
