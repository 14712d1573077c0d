"""What stands in a database's catalogue, as PostgreSQL itself spells it."""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.engine import database_url
from worker.settings import Settings

EVERYTHING = text("""
    SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
        || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 'constraint ' || conrelid::regclass || '.' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'trigger ' || tgenabled::text || ' ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
""")


def run(settings: Settings, work: Callable[[Connection], None]) -> None:
    """Run `work` on the database and commit."""

    async def connect() -> None:
        engine = create_async_engine(database_url(settings.database_url.get_secret_value()), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(work)

    asyncio.run(connect())


def catalogue(settings: Settings, *, without: tuple[str, ...] = ()) -> set[str]:
    """Return everything in the database, Alembic's own table apart, without the given kinds."""
    found: set[str] = set()
    run(settings, lambda connection: found.update(connection.execute(EVERYTHING).scalars()))
    return {line for line in found if "alembic_version" not in line and not line.startswith(without or ("none",))}
