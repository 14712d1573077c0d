"""What the door into the job table refuses: the rules and the sentences of the SQL function `enqueue_job`."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.errors import EnqueueRefused

MAX_BYTES = 16_000_000
"""Bytes of a job's arguments as JSON: what fits, with its envelope, into COUNTERFOIL_MAX_BYTES by default."""

UNDEFINED, MISSING, WRONG, TOO_LONG, TOO_LARGE, TAKEN = "42704", "22004", "22023", "22001", "54000", "23505"
"""The SQLSTATEs of `enqueue_job`, so that a host application need not ask which database it is that refuses."""

_QUEUE = re.compile(r"[\w.:-]{1,100}")
_OWN_KEY = re.compile(r"counterfoil:|arq:(?!queue)|.*:health-check$")
_LONGEST = {"actor": 200, "job_id": 200, "request_id": 200, "reason": 2000}
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_DEFAULT = "Leave out what is to have its default."


def refuse_wrong(job: Mapping[str, Any], kinds: Mapping[str, int]) -> None:
    """Raise EnqueueRefused for a job that breaks a rule; `kinds` are the known names, each with its attempts."""
    if job["name"] not in kinds:
        raise EnqueueRefused(UNDEFINED, f"unknown job {_shown(job['name'])}", f"Known: {', '.join(sorted(kinds))}")
    if not job["actor"]:
        why = "a job needs an actor: every write says who asked for it"
        raise EnqueueRefused(MISSING, why, "actor => 'billing'")
    _refuse_arguments(job["arguments"])
    if any(len(job[name] or "") > most for name, most in _LONGEST.items()):
        why = "actor, job_id and request_id have at most 200 characters, reason has at most 2000"
        raise EnqueueRefused(TOO_LONG, why, "")
    if job["run_at"] is not None and not _FIRST <= job["run_at"] <= _LAST:
        raise EnqueueRefused(WRONG, f"run_at {job['run_at']} is no time of a job: 1970 to 9999", _DEFAULT)
    queue = job["queue"]
    if queue is not None and (not _QUEUE.fullmatch(queue) or _OWN_KEY.match(queue)):
        what = "letters, digits and _.:- alone, and no key of arq's or ours"
        why = f"queue {_shown(queue)} is no name of a queue: {what}"
        raise EnqueueRefused(WRONG, why, "Such as arq:queue, or bulk.")
    if job["job_id"] == "" or (job["max_attempts"] is not None and job["max_attempts"] < 1):
        named = f"job_id {_shown(job['job_id'])} and queue {_shown(queue)} must not be empty"
        raise EnqueueRefused(WRONG, f"{named}, max_attempts {job['max_attempts']} must be at least 1", _DEFAULT)


def _refuse_arguments(arguments: Any) -> None:  # noqa: ANN401 - JSON
    if not isinstance(arguments, dict):
        raise EnqueueRefused(WRONG, "the arguments of a job are a JSON object", "")
    if {"actor", "request_id", "reason"} & arguments.keys():
        why = "the arguments hold actor, request_id or reason, which say who asks"
        raise EnqueueRefused(WRONG, why, "Give them as parameters of enqueue_job.")
    if (size := len(json.dumps(arguments, ensure_ascii=False).encode())) > MAX_BYTES:
        raise EnqueueRefused(TOO_LARGE, f"the arguments have {size} bytes, at most {MAX_BYTES}", "Send several jobs.")


def _shown(text: str | None) -> str:
    """Return a text as SQL quotes it."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"
