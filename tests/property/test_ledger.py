"""Whatever happens to rows, in whatever order and by either path: the audit log tells every row as it is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pydantic import JsonValue
from sqlalchemy import text
from sqlmodel import col, select

from domain.commands import BulkInsert, Command, OnConflict, Purge, Restore, SoftDelete, Update
from domain.errors import CounterfoilError
from domain.task import Task
from persistence.database import Database
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.property.strategies import TEXT, json_values
from tests.worlds import apply, begin, plant

KEYS = st.sampled_from(["t0", "t1", "t2"])
PARENTS = st.none() | KEYS
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT.filter(bool),
        "description": st.none() | TEXT,
        "status": st.sampled_from(["pending", "done"]),
        "tags": st.lists(json_values(), max_size=3),
        "parent.key": PARENTS,
    },
)


@dataclass(frozen=True)
class Touch:
    """A change of an object, live or deleted, or a new object, and its flush."""

    key: str
    title: str
    tag: JsonValue
    fate: str


def row(key: str, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a new task."""
    return {"key": key, "title": "Task", "project.key": "alpha", **fields}


ROWS = st.lists(st.builds(row, KEYS, FIELDS), min_size=1, max_size=3)
STEPS: st.SearchStrategy[Command | Touch] = st.one_of(
    st.builds(BulkInsert, entity=st.just("task"), rows=ROWS, on_conflict=st.sampled_from(OnConflict)),
    st.builds(Update, entity=st.just("task"), key=st.lists(KEYS, min_size=1), changes=FIELDS.filter(bool)),
    st.builds(SoftDelete, entity=st.just("task"), key=st.lists(KEYS, min_size=1, max_size=2), cascade=st.booleans()),
    st.builds(SoftDelete, entity=st.just("project"), key=st.just(["alpha"]), cascade=st.just(value=True)),
    st.builds(Restore, job_id=st.integers(0, 4).map("job-{}".format)),
    st.builds(Restore, entity=st.just("task"), id=st.lists(st.integers(1, 3), min_size=1, max_size=2)),
    st.builds(Purge, retention_days=st.just(1e-9), limit=st.integers(1, 4)),
    st.builds(Touch, KEYS, TEXT, json_values(), st.sampled_from(["keep", "delete", "restore", "purge"])),
)


async def touch(sessions: Sessions, step: Touch, job_id: str) -> None:
    """Change the newest object with the key, and let it live, die or vanish; or add one."""
    async with begin(sessions, job_id) as tx:
        query = select(Task).where(col(Task.key) == step.key).order_by(col(Task.id).desc())
        if (task := (await tx.session.execute(query)).scalars().first()) is None:
            tx.session.add(Task(key=step.key, title=step.title, project_id=1, tags=[step.tag]))
            return
        task.title = step.title
        task.tags.append(step.tag)
        if step.fate in {"delete", "restore"}:
            task.deleted_at = datetime.now(UTC) if step.fate == "delete" else None
        if step.fate == "purge":
            await tx.session.delete(task)


async def clear(database: Database) -> None:
    """Empty the tables, the audit log too, which takes the right to switch its trigger off."""
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        await connection.execute(text("TRUNCATE project, member, task, audit_log RESTART IDENTITY"))
        await connection.execute(text("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_append_only"))


@given(steps=st.lists(STEPS, max_size=10))
@hypothesis(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_audit_log_tells_every_row_after_any_steps(database: Database, steps: list[Command | Touch]) -> None:
    """Insert, upsert, update, delete, restore, purge, by statement or by flush, refused ones among them."""
    await clear(database)
    await plant(database.sessions, tasks=2)
    for number, step in enumerate(steps):
        try:
            if isinstance(step, Touch):
                await touch(database.sessions, step, f"job-{number}")
            else:
                await apply(database.sessions, step, f"job-{number}")
        except CounterfoilError:
            continue
    await assert_balanced(database.sessions)
