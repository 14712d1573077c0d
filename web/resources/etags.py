"""Versions as entity tags: `ETag` of what was read goes into `If-Match` of what is changed."""

import re
from typing import Annotated

from fastapi import Header, HTTPException, Response

from domain.entity import Entity

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag of the row as it was read: refused with 412 where it has changed."),
]

_TAG = re.compile(r'"([1-9][0-9]{0,9})"')
"""No longer than a version can be: Python refuses to read numbers of thousands of digits."""

ETAG = {"ETag": {"description": "The row's version, for If-Match.", "schema": {"type": "string"}}}
"""What the document says of answers with the header."""


def tag(response: Response, row: Entity) -> None:
    """Put the row's version into the answer's header."""
    response.headers["ETag"] = f'"{row.version}"'


def expected_version(if_match: str | None) -> int | None:
    """Return the version that a change expects, or None for any; raises 412 for a tag that no row ever has."""
    if if_match is None or (text := if_match.strip()) == "*":
        return None
    found = _TAG.fullmatch(text)
    if found is None or int(found[1]) >= 2**31:
        raise HTTPException(
            412, f'{text[:40]!r} is no ETag of a row, expected such as "3"; read the row and use its ETag'
        )
    return int(found[1])
