"""Times as a request says them."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from domain.moments import has_utc

_NUMBER = re.compile(r"\s*[+-]?[\d.]+\s*")


def _refuse_numbers(value: object) -> object:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        raise ValueError("a number is no time; expected such as 2026-05-01T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    if not has_utc(value):
        raise ValueError("in UTC this is outside the years 1 to 9999")
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers), AfterValidator(_in_utc)]
"""A time with its zone, in UTC; Pydantic alone would take a number for seconds, or milliseconds, since 1970."""
