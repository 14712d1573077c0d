"""The audit log held against the tables: what it tells of every row must be the row."""

from collections import defaultdict

from pydantic import JsonValue

from domain.images import Step, replay
from persistence.sessions import Sessions
from persistence.statements import quoted
from tests.worlds import images, trail

Row = dict[str, JsonValue]


OPERATED = {"job", "schedule"}
"""Tables of which the audit log has operators' actions only, not whole lives."""


async def replayed(sessions: Sessions) -> dict[tuple[str, int], Row | None]:
    """Return the row to which each audited life leads, by entity and id; None for a row that was purged."""
    lives: dict[tuple[str, int], list[Step]] = defaultdict(list)
    for entry in await trail(sessions):
        if entry.entity not in OPERATED:
            lives[entry.entity, int(entry.entity_id)].append(Step(entry.action, entry.before, entry.after))
    return {row: replay(steps) for row, steps in lives.items()}


async def rows_by_id(sessions: Sessions, *tables: str) -> dict[tuple[str, int], Row]:
    """Return the rows of the tables by entity and id, as `to_jsonb` prints them."""
    return {(table, row_id): row for table in tables for row_id, row in (await images(sessions, quoted(table))).items()}


async def assert_balanced(sessions: Sessions, *tables: str) -> None:
    """Assert that every row is what its audited life leads to, and that no other row lives in the log."""
    alive = {row: image for row, image in (await replayed(sessions)).items() if image is not None}
    assert alive == await rows_by_id(sessions, *(tables or ("project", "member", "task")))
