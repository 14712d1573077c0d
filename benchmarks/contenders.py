"""Who is measured: by which interpreter, with which module, at how many jobs at a time."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.child import HOME

ENVIRONMENTS: Final = HOME / ".venv-bench"

NOOP_SLOTS: Final = 100
"""Jobs at a time where a job does nothing: with as many, every engine here is at its best, or near it."""
UPDATE_SLOTS: Final = 20
"""Jobs at a time, and connections, where a job is a transaction: as the tutorials have it."""


@dataclass(frozen=True)
class Contender:
    """A queue with its worker and client; `guesses` are jobs a second, from which the first number of jobs is taken."""

    slug: str
    name: str
    python: Path
    worker: str
    client: str
    guesses: Mapping[str, float]

    def figure(self, body: str) -> str:
        """Return the name of its rate's figure."""
        return f"{body}.{'ours' if self is OURS else f'peer.{self.slug}'}"

    def worker_command(self, body: str, drain: int, answer: int) -> list[str]:
        """Return the command of its worker, which runs so many jobs that wait, and answers so many single ones."""
        given = [] if self is OURS else ["work", body, str(slots(body))]
        return [str(self.python), "-m", self.worker, *given, str(drain), str(answer)]

    def client_command(self, body: str, fill: int, count: int) -> list[str]:
        """Return the command of its client, which fills the queue and then sends so many single jobs."""
        given = [] if self is OURS else ["send"]
        return [str(self.python), "-m", self.client, *given, body, str(fill), str(count)]


def slots(body: str) -> int:
    """Return how many jobs of this body run at a time."""
    return NOOP_SLOTS if body == "noop" else UPDATE_SLOTS


def _peer(slug: str, name: str, guesses: tuple[float, float, float], environment: str = "peers") -> Contender:
    module = f"benchmarks.peers.{slug}"
    python = ENVIRONMENTS / environment / "bin" / "python"
    return Contender(slug, name, python, module, module, dict(zip(("noop", "orm", "set"), guesses, strict=True)))


OURS: Final = Contender(
    "ours",
    "Counterfoil",
    Path(sys.executable),
    "benchmarks.ours.worker",
    "benchmarks.ours.client",
    {"noop": 12_000, "update": 1_000},
)

PEERS: Final = (
    _peer("arq_stock", "arq, as it comes", (200, 150, 190)),
    _peer("arq_tuned", "arq, tuned", (1_700, 250, 600)),
    _peer("saq", "SAQ", (1_200, 250, 600)),
    _peer("taskiq", "taskiq", (2_000, 330, 700), "taskiq"),
    _peer("streaq", "streaQ", (700, 220, 500)),
    _peer("procrastinate", "Procrastinate", (190, 150, 150)),
    _peer("pgqueuer", "PgQueuer", (3_000, 360, 700)),
)
