"""The real history of a table, replayed through the queue while workers are killed, ends with the digests it states."""

import os
import signal
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pytest

from domain.origin import Origin
from persistence.database import Database
from persistence.enqueue import NewJob
from persistence.sessions import Sessions
from tests.history import DIGEST, Commit, History, commits, digest
from tests.processes import environment, started, worker_process
from tests.relays import accept
from tests.waiting import eventually
from tests.worlds import sql
from worker.settings import Settings

COMMITS = int(os.environ.get("HISTORY_COMMITS", "50"))
"""How many of the 985 commits are replayed, up to a stated digest; HISTORY_COMMITS=985 takes minutes."""

KILL_EVERY = 10
"""Commits after which a worker is killed in the middle of a job: every few seconds."""


class Replay:
    """A replay under way: two workers, of which one is killed again and again."""

    def __init__(self, settings: Settings, database: Database, folder: Path, stack: ExitStack) -> None:
        """Start two workers, whose leases are short."""
        self.settings, self.database, self.folder, self.stack = settings, database, folder, stack
        self.kills = 0
        self.workers = [
            stack.enter_context(worker_process(settings, folder / name, COUNTERFOIL_LEASE="1")) for name in "ab"
        ]

    def kill_one(self) -> None:
        """Kill one worker with SIGKILL, and start another; the dead one's job comes back when its lease ends."""
        assert self.workers.pop(0).stop(signal.SIGKILL) == -signal.SIGKILL
        self.kills += 1
        given = environment(self.settings, COUNTERFOIL_LEASE="1")
        another = started(given, self.folder / str(self.kills), "worker")
        self.workers.append(self.stack.enter_context(another))

    async def until_done(self, ids: list[str]) -> None:
        """Return when the jobs have succeeded; fail at once when one is dead."""

        async def done() -> bool:
            found = await sql(self.database, "SELECT state, errors FROM job WHERE id = ANY (:ids)", ids=ids)
            assert not (dead := [errors for state, errors in found if state == "dead"]), dead
            return all(state == "succeeded" for state, _ in found)

        await eventually(done, f"{ids} are done", seconds=60)


def jobs(commit: Commit, history: History, queue: str) -> list[NewJob]:
    """Return a commit's jobs: the author is the actor, message and date are the reason."""
    origin = Origin(actor=commit["actor"], request_id=commit["commit"], reason=f"{commit['at']} {commit['reason']}")
    commands = enumerate(history.commands(commit))
    return [NewJob(command, origin, f"{commit['n']:04}-{number}", queue) for number, command in commands]


@pytest.mark.timeout(1800)
async def test_a_replayed_history_ends_with_the_digests_that_it_states(
    settings: Settings, database: Database, sessions: Sessions, shared_data: Path, tmp_path: Path
) -> None:
    """Every insert, update and delete has taken effect once, in order, and its audit row names the author."""
    history, compared, expected = History(), 0, [0, 0, 0]
    with ExitStack() as stack:
        replay = Replay(settings, database, tmp_path, stack)
        for commit in islice(commits(shared_data), COMMITS):
            for one in jobs(commit, history, settings.queue):
                await accept(sessions, one)
                if commit["n"] % KILL_EVERY == 0:
                    replay.kill_one()
                await replay.until_done([str(one.job_id)])
            for index, kind in enumerate(("insert", "update", "delete")):
                expected[index] += len(commit[kind])
            if commit["digest"]:
                assert digest(await sql(database, DIGEST)) == commit["digest"], f"after commit {commit['n']}"
                compared += 1
    assert compared == COMMITS // 50 + (COMMITS == 985)
    assert replay.kills >= COMMITS // KILL_EVERY
    counts = "SELECT count(*) FROM audit_log WHERE entity = 'task' AND action = :action"
    found = [(await sql(database, counts, action=action))[0][0] for action in ("insert", "update", "soft_delete")]
    assert found == expected
    failed = "state <> 'succeeded' OR attempt <> 1 + jsonb_array_length(errors)"
    assert await sql(database, "SELECT id FROM job WHERE actor <> 'cron' AND (" + failed + ")") == []  # noqa: S608 - above
