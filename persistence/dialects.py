"""The databases that are spoken here, and which of them a session speaks."""

from enum import StrEnum
from typing import Any

import sqlalchemy.orm


class Dialect(StrEnum):
    """A database's family, by SQLAlchemy's name for it; MariaDB is one of MySQL's."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"
    MYSQL = "mysql"


def dialect_of(session: Any) -> Dialect:  # noqa: ANN401 - a session of either kind, whose `info` is the same
    """Return what a session of `create_sessions` speaks."""
    found: sqlalchemy.orm.Session = getattr(session, "sync_session", session)
    return Dialect(found.info["dialect"])
