"""What a job is to the worker: a name, its command, and the function that applies it in a transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from domain.commands import Command
from domain.job import RetryPolicy
from domain.result import Result
from persistence.job_life import Acceptance
from persistence.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job: `apply` gets the open transaction and the parsed command, and never commits.

    `at_once`, where there is one, applies the command and ends the job in one statement, or raises NotAtOnce.
    `policy` says when a failed attempt is followed by another; `timeout` is seconds, by default those of the settings.
    With `takes_context`, `apply` gets the JobContext as its third argument.
    `max_running` says how many may run at a time in all workers together.
    """

    command: type[Command]
    apply: Callable[..., Awaitable[Result]]
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: float | None = None
    max_running: int | None = None
    at_once: Callable[[Transaction, Any, Acceptance], Awaitable[Result]] | None = None
    takes_context: bool = False

    @property
    def name(self) -> str:
        """The name under which the job is sent."""
        return self.command.job
