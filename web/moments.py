"""Times as a request says them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from domain.moments import has_utc


def _refuse_numbers(value: object) -> object:
    try:
        float(str(value))
    except ValueError:
        return value
    raise ValueError("a number is no time; expected such as 2026-05-01T12:00:00Z")


def _in_utc(value: datetime) -> datetime:
    if not has_utc(value):
        raise ValueError("in UTC this is outside the years 1 to 9999")
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers), AfterValidator(_in_utc)]
"""A time with its zone, in UTC; Pydantic alone would take a number for seconds, or milliseconds, since 1970."""
