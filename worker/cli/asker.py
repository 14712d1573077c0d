"""Who asks, on the command line."""

from pydantic import ValidationError

from domain.origin import Origin
from worker.cli.run import fail, system_user


def operator_origin(actor: str | None, reason: str | None) -> Origin:
    """Return the origin of an operator's action; ends the command where actor or reason cannot be kept."""
    try:
        return Origin(actor=system_user() if actor is None else actor, reason=reason)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fail(f"--{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}")
