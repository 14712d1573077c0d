"""Values that no row can be made of."""

import pytest

from domain.errors import InvalidRows
from persistence.sessions import Sessions
from tests.services import TASKS, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine


async def test_values_that_json_cannot_say_are_refused(sessions: Sessions) -> None:
    """The transaction stays usable."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        for value in (object(), b"\xff"):
            with pytest.raises(InvalidRows, match="holds what JSON cannot say"):
                await TASKS.update(tx, row_id, {"title": value})
        assert (await TASKS.update(tx, row_id, {"title": "usable"})).title == "usable"
