"""The time and the number of a transaction, where the database has no such functions."""

from dataclasses import dataclass
from datetime import datetime
from secrets import randbits

import sqlalchemy.orm
from sqlalchemy import select

from domain.moments import now

_INFO = "counterfoil_moment"
_RANDOM_BITS = 10


@dataclass(frozen=True, slots=True)
class Moment:
    """A transaction's time, by the database's clock, and its number: that time in microseconds, and 10 random bits."""

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
    found = Moment(at, (round(at.timestamp() * 1_000_000) << _RANDOM_BITS) + randbits(_RANDOM_BITS))
    session.info[_INFO] = (session.get_transaction(), found)
    return found
