"""The refused rows of a running bulk job: kept, counted, and in the end perhaps the reason why nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.commands import Bulk, OnInvalid
from domain.errors import RowsRefused
from domain.reject import Reject
from persistence.rejects import keep_rejects
from persistence.transaction import Transaction

HELD = 1_000
"""How many refusals are held in memory, for a job that gives up, or is a dry run: what else it kept is gone then."""

HELD_CHARACTERS = 4_000_000
"""Characters of their text in all: a record may have 64 thousand."""


@dataclass
class Refusals:
    """Refused rows by the command's rules; with `on_invalid` abort, all others are still found after the first."""

    tx: Transaction
    command: Bulk
    job_id: str | None
    rows: int = 0
    held: list[Reject] = field(default_factory=list)
    _characters: int = 0

    async def add(self, rejects: Sequence[Reject]) -> None:
        """Keep refused rows; raises RowsRefused when they are more than the job may have."""
        if not rejects:
            return
        self.rows += len({reject.line for reject in rejects})
        self._hold(rejects)
        if self.is_lost:
            if len(self.held) >= HELD:
                raise self._error(f"on_invalid is abort; the first {HELD:,} problems are kept")
        elif self.rows > self.command.max_rejects:
            raise self._error(f"more than max_rejects {self.command.max_rejects:,} rows were refused")
        elif self.job_id is not None and not self.command.dry_run:
            await keep_rejects(self.tx.session, self.job_id, rejects)

    @property
    def is_lost(self) -> bool:
        """Tell whether nothing of the job will be written."""
        return self.rows > 0 and self.command.on_invalid is OnInvalid.ABORT and not self.command.dry_run

    def settle(self) -> None:
        """Raise RowsRefused, after the last row, where one refused row is the end of the job."""
        if self.is_lost:
            raise self._error("on_invalid is abort")

    async def keep_held(self) -> None:
        """Keep the refusals of a dry run, after its work was taken back."""
        if self.job_id is not None:
            await keep_rejects(self.tx.session, self.job_id, self.held)

    def _hold(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            if len(self.held) >= HELD or self._characters > HELD_CHARACTERS:
                return
            self.held.append(reject)
            self._characters += len(reject.raw)

    def _error(self, why: str) -> RowsRefused:
        return RowsRefused.of(self.command.entity, sorted(self.held), why, rows=self.rows)
