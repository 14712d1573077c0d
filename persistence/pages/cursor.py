"""Cursors: a place in a sorted list as a text, signed, that holds for one sort and filter alone."""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import JsonValue, TypeAdapter
from sqlmodel import SQLModel

from domain.entities import EntityType
from domain.errors import InvalidCursor, InvalidQuery, Problem

_SIGNED = 16
"""Bytes of the signature: 128 bits."""

LONGEST = 8_000
"""Characters of a cursor: proxies cut URLs about there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the values of its sort keys, and whether the page lies before it.

    `holding` says that the row at the place itself belongs to the page.
    """

    values: tuple[Any, ...]
    backward: bool = False
    holding: bool = False


def write_cursor(key: bytes, entity: EntityType, names: Sequence[str], meaning: str, place: Place) -> str:
    """Return the cursor of a place; `meaning` is what else it is bound to: sort and filter.

    Raises InvalidQuery where the values at the place are too long for one.
    """
    values = [
        _adapter(entity.model, name).dump_python(value, mode="json", warnings=False)
        for name, value in zip(names, place.values, strict=True)
    ]
    flags = "b" * place.backward + "h" * place.holding
    said = json.dumps([flags, *values], separators=(",", ":"), ensure_ascii=False).encode()
    found = base64.urlsafe_b64encode(_signature(key, entity, meaning, said) + said).decode().rstrip("=")
    if len(found) > LONGEST:
        why = f"makes a cursor of {len(found)} characters, at most {LONGEST} are possible; leave out long texts"
        raise InvalidQuery(entity.name, (Problem(None, "sort", why),))
    return found


def read_cursor(key: bytes, entity: EntityType, names: Sequence[str], meaning: str, cursor: str) -> Place:
    """Return the place of a cursor; raises InvalidCursor."""
    if len(cursor) > LONGEST:
        raise InvalidCursor(entity.name, f"it has {len(cursor)} characters, at most {LONGEST} are possible")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor(entity.name, "it is no cursor of ours") from None
    signature, said = raw[:_SIGNED], raw[_SIGNED:]
    if not hmac.compare_digest(signature, _signature(key, entity, meaning, said)):
        why = "it belongs to another sort or filter, was changed, or comes from a process with another key"
        raise InvalidCursor(entity.name, why)
    flags, *values = json.loads(said)
    found = tuple(_value(entity.model, name, value) for name, value in zip(names, values, strict=True))
    return Place(found, backward="b" in flags, holding="h" in flags)


def _signature(key: bytes, entity: EntityType, meaning: str, said: bytes) -> bytes:
    bound = json.dumps([entity.name, meaning]).encode()
    return hmac.digest(key, len(bound).to_bytes(4) + bound + said, sha256)[:_SIGNED]


def _value(model: type[SQLModel], name: str, value: JsonValue) -> Any:  # noqa: ANN401 - the type of the column
    return None if value is None else _adapter(model, name).validate_python(value)


@cache
def _adapter(model: type[SQLModel], name: str) -> TypeAdapter[Any]:
    annotation: Any = model.model_fields[name].annotation
    return TypeAdapter(annotation)
