"""The databases that are spoken here, and which of them a session speaks."""

from enum import StrEnum
from typing import Any

import sqlalchemy.orm


class Dialect(StrEnum):
    """A database's family, by SQLAlchemy's name for it; MariaDB is one of MySQL's."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"
    MYSQL = "mysql"

    @property
    def server(self) -> str:
        """The name by which people know it."""
        return {"postgresql": "PostgreSQL", "sqlite": "SQLite", "mysql": "MySQL"}[self.value]


_NAMES = {"mariadb": Dialect.MYSQL}


def dialect_of(session: Any) -> Dialect:  # noqa: ANN401 - a session of either kind, or the factory of some
    """Return what a session speaks, or all of a factory of `create_sessions`; a host application's own session too."""
    if (arguments := getattr(session, "kw", None)) is not None:
        return Dialect(arguments["info"]["dialect"])
    found: sqlalchemy.orm.Session = getattr(session, "sync_session", session)
    name = found.info.get("dialect") or found.get_bind().dialect.name
    return _NAMES.get(name) or Dialect(name)
