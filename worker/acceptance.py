"""A delivery as its job's row will hold it, whatever was sent."""

import base64
import json
from typing import cast

from pydantic import JsonValue

from domain.job import NOBODY
from domain.origin import Origin
from domain.storable import unstorable_path
from persistence.job_life import Acceptance
from worker.delivery import Delivery, asker


def acceptance(name: str, delivery: Delivery, *, queue: str, max_attempts: int) -> Acceptance:
    """Return what the row of a delivered job holds where no door has written one.

    Arguments that PostgreSQL cannot store rest as `{"base64": …}` of their JSON.
    """
    arguments = delivery.command_arguments()
    if unstorable_path(cast("JsonValue", arguments)) is not None:
        raw = json.dumps(arguments).encode()
        arguments = {"base64": base64.b64encode(raw).decode()}
    said = asker(delivery.arguments)
    reason = delivery.arguments.get("reason")
    origin = Origin.model_construct(
        actor=_text(said.get("actor")) or NOBODY,
        request_id=_text(said.get("request_id")),
        reason=_text(reason),
        job_id=delivery.job_id,
    )
    return Acceptance(delivery.job_id, name, queue, arguments, origin, max_attempts)


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and unstorable_path(value) is None else None
