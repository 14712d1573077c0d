"""Times as a request says them."""

import re
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_NUMBER = re.compile(r"\s*[+-]?[\d.]+\s*")


def _refuse_numbers(value: object) -> object:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        raise ValueError("a number is no time; expected such as 2026-05-01T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers)]
"""A time with its zone; Pydantic alone would take a number for seconds, or milliseconds, since 1970."""
