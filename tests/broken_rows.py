"""Faults that a test installs in its own database."""

from sqlalchemy import text

from persistence.database import Database

FUNCTION = "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


async def before_each_row(database: Database, action: str, table: str, body: str) -> None:
    """Install a trigger that runs `body` before each row of an `INSERT`, `UPDATE` or `DELETE` on the table."""
    async with database.engine.begin() as connection:
        await connection.execute(text(FUNCTION.format(body=body)))
        await connection.execute(
            text(f"CREATE TRIGGER fault BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION fault()")
        )


async def mend(database: Database) -> None:
    """Take the fault away."""
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP FUNCTION fault CASCADE"))
