"""Rows between two entities that the ORM would write by itself have no audit row, so they are refused."""

import pytest

from domain.errors import UnauditedWrite
from persistence.database import Database
from persistence.sessions import create_sessions
from tests.specimens import ENTITIES, Specimen, SpecimenLabel
from tests.worlds import begin


async def test_a_link_that_the_orm_would_write_is_refused(database: Database) -> None:
    """Many to many is an entity between the two, which is audited as any; to look through a plain table is fine."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Specimen.metadata.create_all)
    sessions = create_sessions(database.engine, ENTITIES)

    async def link() -> None:
        async with begin(sessions) as tx:
            label = SpecimenLabel(key="blue")
            tx.session.add_all([label, Specimen(key="a", labels=[label])])

    with pytest.raises(UnauditedWrite, match=r"specimen\.labels writes on 'bearing' .* an entity of its own"):
        await link()
    async with begin(sessions) as tx:
        tx.session.add_all([SpecimenLabel(key="blue"), Specimen(key="a")])
