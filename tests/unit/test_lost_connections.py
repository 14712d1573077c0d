"""What asyncpg says of a connection that was cut while it lay idle is no fault of the job's."""

import pytest
from sqlalchemy.exc import InternalError

from domain.job import Severity
from persistence.classification import severity


class DriversError(Exception):
    """What SQLAlchemy's adapter makes of an error of asyncpg's: with a SQLSTATE where the server has sent one."""

    def __init__(self, sqlstate: str | None) -> None:
        """Keep the SQLSTATE."""
        super().__init__("cannot switch to state 15; another operation (2) is in progress")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "expected"), [(None, Severity.TRANSIENT), ("XX000", Severity.UNKNOWN)])
def test_an_internal_error_of_the_driver_is_transient_and_one_of_the_server_is_not(
    sqlstate: str | None, expected: Severity
) -> None:
    """Only the server sends a SQLSTATE."""
    assert severity(InternalError("SELECT", {}, DriversError(sqlstate))) is expected
