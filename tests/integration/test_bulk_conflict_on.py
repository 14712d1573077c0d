"""A conflict decided by another unique constraint than the natural key, one over deleted rows too."""

from typing import Any

import pytest

from domain.commands import BulkInsert, OnConflict, OnInvalid, SoftDelete
from domain.entities import Entities
from domain.errors import InvalidRows, RowsRefused
from persistence.database import Database
from persistence.sessions import Sessions, create_sessions
from tests.badges import METADATA, Badge
from tests.worlds import apply, images

pytestmark = pytest.mark.on_every_engine

DELETED = "a deleted badge has 'c2' (row 2), and the key is unique among deleted rows too; restore that row"
TWIN = "'c9' stands in line 3 too"
ROWS: list[Any] = [
    {"key": key, "code": code, "holder": "new"}
    for key, code in (("n1", "c1"), ("n2", "c2"), ("n3", "c9"), ("n4", "c9"), ("n5", None), ("n6", None))
]


@pytest.fixture
async def badges(database: Database) -> Sessions:
    """Return sessions that write badges, of which the second is deleted."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    sessions = create_sessions(database.engine, Entities([Badge]))
    rows: list[Any] = [{"key": f"k{n}", "code": f"c{n}", "holder": "old"} for n in (1, 2, 3)]
    await apply(sessions, BulkInsert(entity="badge", rows=rows))
    await apply(sessions, SoftDelete(entity="badge", key=["k2"]))
    return sessions


@pytest.mark.parametrize(
    ("rule", "counts", "reasons"),
    [
        (OnConflict.ERROR, (3, 0, 0, 3), {}),
        (OnConflict.SKIP, (3, 0, 2, 1), {2: DELETED}),
        (OnConflict.UPDATE, (3, 1, 0, 2), {2: DELETED, 4: TWIN}),
    ],
)
async def test_a_deleted_holder_is_told_apart(
    badges: Sessions, rule: OnConflict, counts: tuple[int, ...], reasons: dict[int, str]
) -> None:
    """It can neither be skipped nor updated, and nobody reads its key among the live ones; null is nobody's key."""
    command = BulkInsert(entity="badge", rows=ROWS, conflict_on=("code",), on_conflict=rule, on_invalid=OnInvalid.SKIP)
    if rule is not OnConflict.ERROR:  # with abort it is the table that says no: nothing is looked for beforehand
        with pytest.raises(RowsRefused) as refused:
            await apply(badges, command.model_copy(update={"on_invalid": OnInvalid.ABORT}))
        assert {one.line: one.reason for one in refused.value.rejects} == reasons
    result = await apply(badges, command)
    assert (result.inserted, result.updated, result.skipped, result.refused) == counts
    found = {
        row["code"]: (row["holder"], row["deleted_at"] is None) for row in (await images(badges, "badge")).values()
    }
    changed = "new" if rule is OnConflict.UPDATE else "old"
    expected = {
        "c1": (changed, True),
        "c2": ("old", False),
        "c3": ("old", True),
        "c9": ("new", True),
        None: ("new", True),
    }
    assert found == expected


async def test_columns_that_keep_no_two_rows_apart_are_no_key(badges: Sessions) -> None:
    """The error names those that do."""
    with pytest.raises(InvalidRows, match="conflict_on: holder is not unique in badge; unique are: key; code"):
        await apply(badges, BulkInsert(entity="badge", rows=ROWS, conflict_on=("holder",)))
