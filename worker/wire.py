"""arq's wire in JSON: what a worker reads, what it answers, and nothing else; a pickle is never loaded."""

import base64
import json
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from math import isfinite
from types import UnionType
from typing import Any, NoReturn

from domain.errors import CounterfoilError, TooLarge, UnreadablePayload
from domain.job import UNREADABLE
from domain.storable import unstorable_path

LAST_MILLISECOND = 253_402_300_799_999
"""The end of the year 9999, after which there is no `datetime`."""

KEPT_BYTES = 16 * 1024 * 1024
"""How much is kept of a payload that cannot be run: what our doors let in is shorter, and so is kept whole.

A sender past them may put hundreds of MB into Redis, which no row can hold, and no worker has memory for several times.
"""

LAST_TRY = 1_000_000_000
"""The highest number of a try that a sender may give: arq's count in Redis goes on from it."""

MOST_NESTED = 500
"""Levels of objects and lists in a job; Python's own bound of recursion is near 1,000."""

_SHAPES: dict[str, type | UnionType] = {"t": int | None, "f": str, "a": list, "k": dict, "et": int}
_PICKLE = b"\x80"


def encode(message: dict[str, Any]) -> bytes:
    """Return a job or a result of arq's as JSON.

    A failed job's result becomes its text, so that any client can read it; its data stands beside it under `error`.
    """
    if isinstance(failure := message.get("r"), BaseException):
        details = failure.data() if isinstance(failure, CounterfoilError) else {"error": type(failure).__name__}
        message = {**message, "r": failure_text(failure), "error": details}
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can hold
        return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


def job_text(name: str, arguments: str, enqueued_at: int) -> str:
    """Return a job whose arguments are JSON already; the time is ms since 1970."""
    return f'{{"t":null,"f":{json.dumps(name)},"a":[],"k":{arguments},"et":{enqueued_at}}}'


def decode(payload: bytes) -> dict[str, Any]:
    """Return a message; raises ValueError for anything but a JSON object."""
    message = json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - json's own error is a ValueError too
    return message


def job_decoder(max_bytes: int) -> Callable[[bytes], dict[str, Any]]:
    """Return the worker's decoder: what cannot be read, or is over `max_bytes`, becomes a job named `UNREADABLE`.

    arq would delete such a job without an answer; this one fails like any other, with a sentence that says why.
    """

    def decode_job(payload: bytes) -> dict[str, Any]:
        try:
            return read_job(payload, max_bytes)
        except TooLarge as error:
            return _unreadable(payload, {"bytes": error.size, "limit": error.limit})
        except UnreadablePayload as error:
            return _unreadable(payload, {"why": error.why})

    return decode_job


def read_job(payload: bytes, max_bytes: int) -> dict[str, Any]:
    """Return a job; raises TooLarge, UnreadablePayload."""
    if len(payload) > max_bytes:
        raise TooLarge("bytes", len(payload), max_bytes, "COUNTERFOIL_MAX_BYTES")
    if payload.startswith(_PICKLE):
        raise UnreadablePayload("a pickle")
    try:
        message = decode(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload(str(error)) from None
    if payload.count(b"[") + payload.count(b"{") > MOST_NESTED and _is_deep(message):
        raise UnreadablePayload(f"nested more than {MOST_NESTED} deep: maximum recursion depth")
    if not _is_job(message):
        raise UnreadablePayload(f"a job is an object with {', '.join(_SHAPES)}, as arq writes them")
    if unstorable_path(message["f"]) is not None:  # no row could hold it, and so it would never end
        raise UnreadablePayload("its name holds a NUL character or a lone surrogate")
    return message


def _is_deep(message: dict[str, Any]) -> bool:
    """Tell whether a message is nested deeper than what walks it later can follow."""
    level: list[Any] = [message]
    for _ in range(MOST_NESTED):
        inner = (value.values() if isinstance(value, dict) else value for value in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def refusal(arguments: Mapping[str, Any]) -> CounterfoilError:
    """Return the error for which the arguments of an `UNREADABLE` job stand."""
    size, limit = arguments.get("bytes"), arguments.get("limit")
    if isinstance(size, int) and isinstance(limit, int):
        return TooLarge("bytes", size, limit, "COUNTERFOIL_MAX_BYTES")
    return UnreadablePayload(str(arguments.get("why")))


def raw_payload(arguments: Mapping[str, Any]) -> bytes:
    """Return what was sent in place of a job, up to `KEPT_BYTES`; empty where the `UNREADABLE` job was forged."""
    try:
        return base64.b64decode(str(arguments.get("base64")), validate=True)
    except ValueError:
        return b""


def failure_text(failure: BaseException) -> str:
    """Return what the sender is told, in one line: the error's class and its words.

    Of an error that nobody foresaw only the first line: the others hold SQL, or a stack.
    """
    if isinstance(failure, CounterfoilError):
        words = " ".join(str(failure).splitlines())
    elif isinstance(failure, CancelledError):
        words = "the job was aborted"
    elif isinstance(failure, TimeoutError):
        words = "a limit of time ran out, most likely COUNTERFOIL_JOB_TIMEOUT: send smaller jobs, or raise it"
    else:
        words = str(failure).partition("\n")[0]
    return f"{type(failure).__name__}: {words}" if words else type(failure).__name__


def _is_job(message: dict[str, Any]) -> bool:
    # arq trusts these: a `t` that is no number, or a time that is no `datetime`, would kill the worker.
    fits = all(isinstance(message.get(key, ...), shape) for key, shape in _SHAPES.items())
    return fits and 0 <= message["et"] <= LAST_MILLISECOND and (message["t"] or 0) <= LAST_TRY


def _unreadable(payload: bytes, found: dict[str, str | int]) -> dict[str, Any]:
    raw = base64.b64encode(payload[:KEPT_BYTES]).decode()
    return {"t": None, "f": UNREADABLE, "a": [], "k": {**found, "base64": raw}, "et": 0}


def _finite(number: str) -> float:
    if not isfinite(value := float(number)):
        # Python would read it as infinity, which no JSON can hold: the job could not even be answered.
        raise ValueError(f"{number[:20]} is more than a 64-bit number can hold")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
