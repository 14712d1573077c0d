"""What a job is to the worker: a name, its command, and the function that applies it in a transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from domain.commands import Command
from domain.result import Result
from persistence.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job: `apply` gets the open transaction and the parsed command, and never commits."""

    command: type[Command]
    apply: Callable[[Transaction, Any], Awaitable[Result]]

    @property
    def name(self) -> str:
        """The name under which the job is sent."""
        return self.command.job
