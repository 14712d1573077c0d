"""What chaos makes of a job: the verdict itself must be able to fail."""

from datetime import UTC, datetime

import pytest

from chaos.findings import Row
from chaos.ledger import Ledger, Sent
from chaos.verdict import Fate, fate_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(state: str) -> Row:
    """Return a job's row in this state."""
    return Row(state, 1, [], NOW, NOW)


def committed() -> Sent:
    """Return a job of two audit rows that PostgreSQL has confirmed."""
    return Sent("a", "bulk_insert", 2, committed=True, unclear=True)


@pytest.mark.parametrize(
    ("found", "effects", "fate"),
    [
        (row("succeeded"), 2, Fate.ONCE),
        (row("succeeded"), 4, Fate.DOUBLED),
        (row("succeeded"), 3, Fate.DOUBLED),
        (row("succeeded"), 1, Fate.LOST),
        (row("succeeded"), 0, Fate.LOST),
        (row("dead"), 0, Fate.LOST),
        (row("queued"), 0, Fate.STUCK),
        (None, 0, Fate.LOST),
        (None, 2, Fate.LOST),
    ],
)
def test_a_committed_job_has_one_whole_effect_or_breaks_the_promise(
    found: Row | None, effects: int, fate: Fate
) -> None:
    """Only a succeeded row with exactly the job's audit rows is right."""
    assert fate_of(committed(), found, effects, Ledger()) is fate


def test_a_rolled_back_job_leaves_nothing() -> None:
    """Neither a row nor an effect."""
    sent = Sent("a", "update", 1)
    assert fate_of(sent, None, 0, Ledger()) is Fate.NEVER_ACCEPTED
    assert fate_of(sent, row("succeeded"), 1, Ledger()) is Fate.GHOST
    assert fate_of(sent, None, 1, Ledger()) is Fate.GHOST


def test_an_ambiguous_commit_counts_as_accepted_when_its_row_exists() -> None:
    """The answer was lost: the row tells."""
    sent = Sent("a", "update", 1, unclear=True)
    assert fate_of(sent, None, 0, Ledger()) is Fate.NEVER_ACCEPTED
    assert fate_of(sent, row("succeeded"), 1, Ledger()) is Fate.ONCE
    assert fate_of(sent, row("dead"), 0, Ledger()) is Fate.LOST


def test_a_job_that_redis_alone_had_may_go_with_it_and_for_no_other_reason() -> None:
    """A wipe that took it away, or a kill right after its acceptance; never two effects."""
    sent = Sent("a", "update", 1, unclear=True, in_redis=[100.0])
    assert fate_of(sent, None, 0, Ledger()) is Fate.LOST
    assert fate_of(sent, None, 0, Ledger(wiped={"a"})) is Fate.FORGOTTEN
    assert fate_of(sent, None, 0, Ledger(redis_kills=[101.0])) is Fate.FORGOTTEN
    assert fate_of(sent, None, 0, Ledger(redis_kills=[99.0, 110.0])) is Fate.LOST
    assert fate_of(sent, row("succeeded"), 2, Ledger(wiped={"a"})) is Fate.DOUBLED
