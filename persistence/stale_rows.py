"""Which of the objects of a failed flush was changed by another transaction: the ORM says only that one was."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from domain.entities import Entities
from domain.errors import ChangedMeanwhile
from persistence.attempted import Read
from persistence.sessions import Sessions


async def told_stale(sessions: Sessions, objects: Sequence[Read]) -> ChangedMeanwhile | None:
    """Return the error about the first object whose row is another now, asked after the rollback; None where none is.

    Also where the database does not answer: what there is to say is said without it.
    """
    if not objects:
        return None
    try:
        async with sessions() as session:
            entities: Entities = session.info["entities"]
            for name in dict.fromkeys(read.entity for read in objects):
                table = entities[name].table
                ids = [read.id for read in objects if read.entity == name]
                found = await session.execute(select(table.c.id, table.c.version).where(table.c.id.in_(ids)))
                now: dict[int, int] = {row[0]: row[1] for row in found}
                for read in objects:
                    if read.entity == name and now.get(read.id) != read.version:
                        return ChangedMeanwhile(name, read.id, read.version, now.get(read.id))
    except (SQLAlchemyError, OSError):
        return None
    return None
