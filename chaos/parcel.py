"""A parcel: jobs that are sent at once, and what their sender knows of them at every moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chaos.ledger import Sent
from chaos.wishes import Wish


class RolledBack(Exception):
    """The sender's own transaction is rolled back on purpose."""


@dataclass(frozen=True)
class Parcel:
    """Jobs that are sent at once, with their accounts; `rolls_back`: the sender changes its mind at the end."""

    wishes: Sequence[Wish]
    accounts: Sequence[Sent]
    run_at: datetime | None
    rolls_back: bool

    def commit_begins(self) -> None:
        """Note that from now on only the rows tell, until the answer is there."""
        if self.rolls_back:
            raise RolledBack
        for sent in self.accounts:
            sent.unclear = True

    def committed(self) -> None:
        """Note that PostgreSQL has confirmed the jobs."""
        for sent in self.accounts:
            sent.committed = True
