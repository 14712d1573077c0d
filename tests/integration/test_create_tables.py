"""Tables without migrations, for development: the same rules hold on them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.errors import Duplicate
from domain.project import Project
from persistence.create_tables import TABLES, create_tables
from persistence.database import Database
from tests.ledger import assert_balanced
from tests.worlds import begin, plant

pytestmark = pytest.mark.on_every_engine


async def drop_all(database: Database) -> None:
    """Leave nothing of the migrations."""
    async with database.engine.begin() as connection:
        await connection.run_sync(TABLES[0].metadata.drop_all)
        if connection.dialect.name == "postgresql":
            await connection.execute(text("DROP FUNCTION audit_log_refuse"))


async def test_created_tables_serve_as_migrated_ones_do(database: Database) -> None:
    """Rows are written and audited, live keys are unique, the log is append-only; a second call changes nothing."""
    await drop_all(database)
    await create_tables(database.engine)
    await create_tables(database.engine)
    await plant(database.sessions, tasks=2)
    await assert_balanced(database.sessions)
    with pytest.raises(Duplicate):
        async with begin(database.sessions) as tx:
            tx.session.add(Project(key="alpha", name="Twin"))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.engine.begin() as connection:
            await connection.execute(text("DELETE FROM audit_log"))
