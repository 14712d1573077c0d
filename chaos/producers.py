"""Producers: they send jobs through all doors at a steady rate, whatever happens to the servers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import asyncpg

from chaos.doors import AWAY, PATIENCE, Door
from chaos.ledger import Ledger, Sent
from chaos.parcel import Parcel, RolledBack
from chaos.wishes import Victims, Wish, wish

SQL: Final = "SQL enqueue_job"
ENQUEUE: Final = "enqueue"
MANY: Final = "enqueue_many"
ARQ: Final = "stock arq"
PRODUCERS: Final = 4
MEAN_PARCEL: Final = 1.9
"""Jobs in a parcel, on average over the doors; the pace follows from it."""
ROLLBACKS: Final = 0.1
POSTPONED: Final = 0.15
TWICE: Final = 0.05
SETTLE_SECONDS: Final = 0.5


@dataclass
class Producers:
    """What all producers share; they send until `stopped` is set."""

    ledger: Ledger
    rate: float
    """Jobs a second, of all producers together, while the servers answer."""
    victims: Victims = field(default_factory=Victims)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def produce(self, number: int, doors: Mapping[str, Door], dice: Random) -> None:
        """Send parcels, each by a door that the dice choose, and some of them a second time."""
        sent = 0
        while not self.stopped.is_set():
            name = dice.choice(list(doors))
            wishes = []
            for _ in range(dice.randint(1, 8) if name == MANY else 1):
                sent += 1
                wishes.append(wish(f"{number}-{sent}", dice, self.victims))
            parcel = self._parcel(wishes, dice, may_roll_back=name != ARQ)
            await self._send(name, doors[name], parcel)
            if dice.random() < TWICE and all(sent.unclear for sent in parcel.accounts):
                await self._again(wishes, doors, dice)
            await asyncio.sleep(dice.expovariate(self.rate / PRODUCERS / MEAN_PARCEL))

    async def settle(self, url: str) -> None:
        """Learn which deletes and restores have taken effect, so that others may follow them, until stopped."""
        while not self.stopped.is_set():
            try:
                connection: Any = await asyncpg.connect(url, timeout=PATIENCE, command_timeout=PATIENCE)
                try:
                    while not self.stopped.is_set():
                        await self._settle(connection)
                        await asyncio.sleep(SETTLE_SECONDS)
                finally:
                    connection.terminate()
            except AWAY:
                await asyncio.sleep(SETTLE_SECONDS)

    async def _settle(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg ships no types
        query = "SELECT id FROM job WHERE id = ANY($1) AND state = 'succeeded'"
        for row in await connection.fetch(query, list(self.victims.pending)):
            self.victims.settle(row["id"])

    def _parcel(self, wishes: list[Wish], dice: Random, *, may_roll_back: bool) -> Parcel:
        later = datetime.now(UTC) + timedelta(seconds=dice.uniform(0.5, 2)) if dice.random() < POSTPONED else None
        accounts = [self.ledger.new(one.job_id, one.command.job, one.rows) for one in wishes]
        return Parcel(wishes, accounts, later, may_roll_back and dice.random() < ROLLBACKS)

    async def _again(self, wishes: list[Wish], doors: Mapping[str, Door], dice: Random) -> None:
        """Send jobs a second time under the same ids, by any door: still one job each."""
        name = dice.choice(list(doors))
        self.ledger.count(name, "sent twice", len(wishes))
        accounts: list[Sent] = [self.ledger.jobs[one.job_id] for one in wishes]
        await self._send(name, doors[name], Parcel(wishes, accounts, None, rolls_back=False))

    async def _send(self, name: str, door: Door, parcel: Parcel) -> None:
        number = len(parcel.wishes)
        self.ledger.count(name, "sent", number)
        try:
            await door(parcel)
        except RolledBack:
            self.ledger.count(name, "rolled back", number)
        except AWAY:
            self.ledger.count(name, "unclear" if parcel.accounts[-1].unclear else "failed", number)
            await asyncio.sleep(0.2)
        else:
            self.ledger.count(name, "confirmed", number)
        for sent in parcel.accounts:
            if not sent.unclear:
                self.victims.give_back(sent.job_id)
