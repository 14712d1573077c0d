"""The time and the number of a transaction, where the database has no such functions."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy.orm
from sqlalchemy import select, text

from domain.moments import now
from persistence.dialects import Dialect, dialect_of

_INFO = "counterfoil_moment"
_NUMBERS = {
    # One transaction writes at a time, so the next number is this one's.
    Dialect.SQLITE: text("SELECT COALESCE((SELECT txid FROM audit_log ORDER BY id DESC LIMIT 1), 0) + 1"),
    Dialect.MYSQL: text("SELECT UUID_SHORT() & 9223372036854775807"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A transaction's time, by the database's clock, and a number that no other transaction has."""

    at: datetime
    number: int


def moment_of(session: sqlalchemy.orm.Session) -> Moment:
    """Return the moment of the session's transaction: asked once, so that all that it writes bears one time."""
    transaction = session.get_transaction()
    known: tuple[object, Moment] | None = session.info.get(_INFO)
    if known is not None and known[0] is transaction:
        return known[1]
    # The audited session itself refuses `connection()`.
    connection = sqlalchemy.orm.Session.connection(session)
    at = connection.execute(select(now())).scalar_one()
    found = Moment(at, connection.execute(_NUMBERS[dialect_of(session)]).scalar_one())
    session.info[_INFO] = (session.get_transaction(), found)
    return found
