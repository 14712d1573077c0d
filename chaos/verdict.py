"""The verdict on every job: one effect where it was promised, none where it was not, never two."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from chaos.findings import Findings, Row
from chaos.ledger import Ledger, Sent
from domain.job import JobState


class Fate(StrEnum):
    """What became of a job."""

    ONCE = "one effect"
    NEVER_ACCEPTED = "not accepted, no effect"
    FORGOTTEN = "accepted by Redis alone, and taken from it by a fault"
    LOST = "lost"
    DOUBLED = "doubled"
    STUCK = "stuck"
    GHOST = "rolled back, but there"


ACCEPTED = {Fate.ONCE, Fate.FORGOTTEN, Fate.LOST, Fate.DOUBLED, Fate.STUCK}
BROKEN = {Fate.LOST, Fate.DOUBLED, Fate.STUCK, Fate.GHOST}


@dataclass(frozen=True)
class Verdict:
    """How many jobs had which fate, and one line for each job and each check that broke a promise."""

    fates: Counter[Fate] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """How many jobs were accepted."""
        return sum(self.fates[fate] for fate in ACCEPTED)


def judge(ledger: Ledger, findings: Findings) -> Verdict:
    """Judge every job that was sent, and everything that is there without having been sent."""
    verdict = Verdict()
    for sent in ledger.jobs.values():
        row, effects = findings.rows.get(sent.job_id), findings.effects.get(sent.job_id, 0)
        fate = fate_of(sent, row, effects, ledger)
        verdict.fates[fate] += 1
        if fate in BROKEN:
            verdict.breaches.append(f"{sent.kind} {sent.job_id} {fate}: {_evidence(sent, row, effects)}")
    for name, ids in (("a row", findings.rows), ("audit rows", findings.effects)):
        strangers = ids.keys() - ledger.jobs.keys()
        verdict.breaches.extend(f"{job_id} has {name}, but was never sent" for job_id in sorted(strangers))
    verdict.breaches.extend(f"Redis keeps {key} without a time to live" for key in findings.eternal_keys)
    return verdict


def fate_of(sent: Sent, row: Row | None, effects: int, ledger: Ledger) -> Fate:
    """Return what became of one job; part of an effect counts as lost."""
    if effects > sent.rows:
        return Fate.DOUBLED
    if row is None and effects == 0 and not sent.committed:
        return _unrecorded(sent, ledger)
    if not sent.unclear:
        return Fate.GHOST
    if row is not None and row.state == JobState.QUEUED:
        return Fate.STUCK
    whole = row is not None and row.state == JobState.SUCCEEDED and effects == sent.rows
    return Fate.ONCE if whole else Fate.LOST


def _unrecorded(sent: Sent, ledger: Ledger) -> Fate:
    if not sent.in_redis:
        return Fate.NEVER_ACCEPTED
    excused = sent.job_id in ledger.wiped or sent.may_be_forgotten(ledger.redis_kills)
    return Fate.FORGOTTEN if excused else Fate.LOST


def _evidence(sent: Sent, row: Row | None, effects: int) -> str:
    door = "PostgreSQL" if sent.committed else "Redis" if sent.in_redis else "unclear"
    told = f"by {door}, {effects} of {sent.rows} audit rows, "
    if row is None:
        return told + "no row"
    errors = "; ".join(f"{one['at'][11:19]} {one['error']}: {one['message'][:100]}" for one in row.errors)
    return told + f"{row.state} after {row.attempt} attempts ({errors})"
