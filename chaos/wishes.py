"""The jobs that are asked for: each kind has an effect that can be counted in the audit log."""

from dataclasses import dataclass, field
from random import Random

from domain.commands import BulkInsert, Command, Restore, SoftDelete, Update

HOT = 24
"""Tasks that all updates change: few, so that between two deliveries of one job others have changed its rows."""

VICTIMS = 600
"""Tasks that are deleted and restored, each by one job at a time."""

PROJECT = "chaos"

KINDS = (BulkInsert, Update, SoftDelete, Restore)
WEIGHTS = (40, 35, 15, 10)


@dataclass(frozen=True)
class Wish:
    """A job to be sent: its id, its command, and how many audit rows its effect has."""

    job_id: str
    command: Command
    rows: int

    def arguments(self) -> dict[str, object]:
        """Return the command's arguments as they are sent."""
        return self.command.model_dump(mode="json", exclude_unset=True)


@dataclass
class Victims:
    """Which victim may be deleted, and which delete's job may be taken back."""

    live: list[str] = field(default_factory=lambda: [victim(number) for number in range(VICTIMS)])
    deleted: list[tuple[str, str]] = field(default_factory=list)
    """Victims, each with the id of the job that deleted it."""
    pending: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Jobs whose effect is awaited: the victim, and whether it will be deleted then."""

    def settle(self, job_id: str) -> None:
        """Note that a job has taken effect."""
        key, deletes = self.pending.pop(job_id)
        if deletes:
            self.deleted.append((key, job_id))
        else:
            self.live.append(key)

    def give_back(self, job_id: str) -> None:
        """Note that a job certainly takes no effect."""
        if job_id not in self.pending:
            return
        key, deletes = self.pending.pop(job_id)
        if deletes:
            self.live.append(key)


def hot(number: int) -> str:
    """Return the key of a task that is updated."""
    return f"hot-{number}"


def victim(number: int) -> str:
    """Return the key of a task that is deleted and restored."""
    return f"victim-{number}"


def wish(job_id: str, dice: Random, victims: Victims) -> Wish:
    """Return the next job: a bulk insert, an update of few or many tasks, a soft delete, or its restore."""
    kind = dice.choices(KINDS, WEIGHTS)[0]
    if kind is Restore and victims.deleted:
        key, by = victims.deleted.pop(dice.randrange(len(victims.deleted)))
        victims.pending[job_id] = (key, False)
        return Wish(job_id, Restore(job_id=by), 1)
    if kind is SoftDelete and victims.live:
        key = victims.live.pop(dice.randrange(len(victims.live)))
        victims.pending[job_id] = (key, True)
        return Wish(job_id, SoftDelete(entity="task", key=[key]), 1)
    if kind is Update:
        keys = [hot(number) for number in dice.sample(range(HOT), dice.choice([1, 1, 1, 3]))]
        return Wish(job_id, Update(entity="task", key=list(keys), changes={"title": job_id}), len(keys))
    rows = dice.randint(1, 4)
    return Wish(job_id, BulkInsert(entity="coupon", rows=[{"mark": job_id, "number": n} for n in range(rows)]), rows)
