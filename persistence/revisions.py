"""Which migrations there are, and how far a database is: for those who migrate, and those who ask whether to serve."""

from importlib.resources import files
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.settings import DatabaseSettings


def alembic_config(settings: DatabaseSettings) -> Config:
    """Return Alembic's configuration: the shipped migrations, and the team's own that COUNTERFOIL_VERSIONS names."""
    home = Path(str(files("migrations")))
    config = Config()
    config.set_main_option("script_location", str(home).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    folders = [home / "versions", *([settings.versions.resolve()] if settings.versions else [])]
    config.set_main_option("version_locations", "\n".join(str(folder).replace("%", "%%") for folder in folders))
    config.attributes["settings"] = settings
    return config


def heads(settings: DatabaseSettings) -> set[str]:
    """Return the newest revisions that the code knows."""
    return set(ScriptDirectory.from_config(alembic_config(settings)).get_heads())


async def current(engine: AsyncEngine) -> set[str]:
    """Return the revisions at which the database is; empty before the first migration."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: set(MigrationContext.configure(sync).get_current_heads()))


def known(settings: DatabaseSettings) -> set[str]:
    """Return every revision that the code knows."""
    return {script.revision for script in ScriptDirectory.from_config(alembic_config(settings)).walk_revisions()}
