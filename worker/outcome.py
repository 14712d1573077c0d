"""What became of one delivery of a job."""

from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The job has taken effect, by this delivery or by another; `result` is the recorded one."""

    result: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Again:
    """The attempt failed, and there is another after `delay` seconds."""

    delay: float
    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The job is over without effect: dead, cancelled or dropped."""

    error: Exception


Outcome = Succeeded | Again | Ended
