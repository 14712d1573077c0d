"""arq's wire in JSON: what a worker reads, what it answers, and nothing else; a pickle is never loaded."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from domain.errors import CounterfoilError, TooLarge, UnreadablePayload

UNREADABLE = "<unreadable>"
"""The name of the job that stands for a payload which could not be read; its one argument says why."""

_KEYS = {"t", "f", "a", "k", "et"}


def encode(message: dict[str, Any]) -> bytes:
    """Return a job or a result of arq's as JSON.

    A failed job's result becomes its text, so that any client can read it; its data stands beside it under `error`.
    """
    if isinstance(failure := message.get("r"), BaseException):
        details = failure.data() if isinstance(failure, CounterfoilError) else {"error": type(failure).__name__}
        message = {**message, "r": failure_text(failure), "error": details}
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


def decode(payload: bytes) -> dict[str, Any]:
    """Return a message; raises ValueError for anything but a JSON object."""
    message = json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - json's own error is a ValueError too
    return message


def job_decoder(max_bytes: int) -> Callable[[bytes], dict[str, Any]]:
    """Return the worker's decoder: what cannot be read, or is over `max_bytes`, becomes a job named `UNREADABLE`.

    arq would delete such a job without an answer; this one fails like any other, with a sentence that says why.
    """

    def decode_job(payload: bytes) -> dict[str, Any]:
        if len(payload) > max_bytes:
            return _unreadable(str(TooLarge("bytes", len(payload), max_bytes, "COUNTERFOIL_MAX_BYTES")))
        try:
            message = decode(payload)
        except (ValueError, RecursionError) as error:
            why = "a pickle" if payload.startswith(b"\x80") else type(error).__name__
            return _unreadable(str(UnreadablePayload(why)))
        if not _is_job(message):
            return _unreadable(str(UnreadablePayload(f"a job is an object with {', '.join(sorted(_KEYS))}")))
        return message

    return decode_job


def failure_text(failure: BaseException) -> str:
    """Return what the sender is told: an error of the business in its own words, any other by its class."""
    if isinstance(failure, CounterfoilError):
        return f"{type(failure).__name__}: {failure}"
    return str(failure) or type(failure).__name__


def _is_job(message: dict[str, Any]) -> bool:
    shapes = {"f": str, "a": list, "k": dict, "et": int}
    return message.keys() >= _KEYS and all(isinstance(message[key], shape) for key, shape in shapes.items())


def _unreadable(why: str) -> dict[str, Any]:
    return {"t": None, "f": UNREADABLE, "a": [], "k": {"why": why}, "et": 0}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
