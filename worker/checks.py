"""What `counterfoil check` looks at: each finding says what is wrong and what to do."""

from collections.abc import AsyncIterator

from arq.connections import ArqRedis
from sqlalchemy.exc import DBAPIError

from domain.entities import Entities, EntityType
from domain.errors import CounterfoilError
from persistence.database import open_database
from persistence.dialects import Dialect
from persistence.engine import database_url
from persistence.job_list import waiting_by_queue
from persistence.reader import reader
from persistence.settings import load_entities
from worker.client import somebody_works
from worker.composition import open_redis
from worker.database_checks import database_findings
from worker.finding import Finding
from worker.settings import Settings

OLDEST_REDIS = (6, 2)


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Look at entities, the database, migrations, connections and Redis, and yield what was found, one by one.

    Raises SettingsError where the entities cannot be loaded: then there is nothing to compare with.
    """
    for finding in _entities(load_entities(settings)):
        yield finding
    try:
        async with open_database(settings) as database:
            async for finding in database_findings(settings, database):
                yield finding
    except CounterfoilError as error:
        yield Finding(_server(settings), "no", str(error))
    try:
        async with open_redis(settings) as redis:
            async for finding in _unserved(settings, redis):
                yield finding
            yield await _redis_version(redis)
            yield await _redis_memory(redis)
    except CounterfoilError as error:
        yield Finding("Redis", "no", str(error))


def _server(settings: Settings) -> str:
    return Dialect(database_url(settings.database_url.get_secret_value()).get_backend_name()).server


def _entities(entities: Entities) -> list[Finding]:
    found = [Finding("entities", ", ".join(entities))]
    for entity in entities.values():
        found += [Finding(f"entity {entity.name}", "incomplete", advice) for advice in _missing(entity)]
    return found


def _missing(entity: EntityType) -> list[str]:
    advice = []
    unique = {column.name for index in entity.table.indexes if index.unique for column in index.columns}
    if entity.natural_key and entity.natural_key not in unique:
        advice.append(f"add live_key({entity.name!r}, {entity.natural_key!r}) to its __table_args__, and migrate")
    if entity.natural_key and entity.table.c[entity.natural_key].nullable:
        advice.append(f"make {entity.natural_key} required: a natural key that may be null names nothing")
    foreign = {reference.column for reference in entity.references.values()}
    advice += [
        f"owners names {name!r}, which is no foreign key of it" for name in entity.model.owners if name not in foreign
    ]
    advice += [f"give it a {name}" for name in ("create_schema", "update_schema") if not hasattr(entity.model, name)]
    return advice


async def _unserved(settings: Settings, redis: ArqRedis) -> AsyncIterator[Finding]:
    """Find queues on which due jobs wait although no worker serves them; silent where the database cannot tell."""
    try:
        async with open_database(settings) as database, reader(database.sessions) as read:
            waiting = await waiting_by_queue(read)
    except (CounterfoilError, DBAPIError):
        return
    for queue, number in waiting:
        served = await somebody_works(redis, queue)
        advice = "no worker serves it: start one with COUNTERFOIL_QUEUE set to its name, or enqueue on another queue"
        yield Finding(f"queue {queue}", f"{number} due jobs", "" if served else advice)


async def _redis_version(redis: ArqRedis) -> Finding:
    version = str((await redis.info("server"))["redis_version"])
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return Finding(
        "Redis", version, "" if numbers >= OLDEST_REDIS else "Redis 6.2 or newer is needed: upgrade the server"
    )


async def _redis_memory(redis: ArqRedis) -> Finding:
    policy = str((await redis.info("memory")).get("maxmemory_policy", "noeviction"))
    advice = "Redis may evict waiting jobs: set maxmemory-policy to noeviction"
    return Finding("Redis eviction", policy, "" if policy == "noeviction" else advice)
