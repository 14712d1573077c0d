"""The targets as data, and whether a run meets them."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.bulk.targets import BULK
from benchmarks.figures import Figures
from benchmarks.layers.targets import LAYERS
from benchmarks.target import Sense, Target, Verdict


@dataclass(frozen=True)
class Judged:
    """A target with what was measured (None: nothing was), and the figure of the others that it was held against."""

    target: Target
    value: float | None
    rival: str | None
    verdict: Verdict


UPDATES = "audited one-row updates, one process"
NOOPS = "no-op jobs, the engine alone"
LATENCY = "idle, enqueue to commit, from a stock client"

TARGETS = (
    Target("engine", f"{UPDATES}, against the best peer", "update.ours", Sense.AT_LEAST, 4, "times", "orm.*"),
    Target(
        "limit",
        f"{UPDATES}, against pgbench's four statements",
        "update.ours",
        Sense.AT_LEAST,
        0.4,
        "times",
        "limit.four",
    ),
    Target("engine", NOOPS, "noop.ours", Sense.AT_LEAST, 10_000, "/s"),
    Target("engine", f"{NOOPS}, against the best peer", "noop.ours", Sense.AT_LEAST, 3, "times", "noop.peer.*"),
    Target("engine", f"{LATENCY}, p50", "p50.ours", Sense.AT_MOST, 3, "ms"),
    Target("engine", f"{LATENCY}, p99", "p99.ours", Sense.AT_MOST, 10, "ms"),
    Target("engine", f"{LATENCY}, p50 against the best peer", "p50.ours", Sense.AT_MOST, 0.5, "times", "p50.peer.*"),
    Target("engine", f"{LATENCY}, p99 against the best peer", "p99.ours", Sense.AT_MOST, 0.5, "times", "p99.peer.*"),
    Target("scaling", "two processes against one", "scaling.2", Sense.AT_LEAST, 1.5, "times", "scaling.1"),
    Target(
        "growth", "1 million queued against 1 thousand", "growth.1000000", Sense.AT_LEAST, 0.9, "times", "growth.1000"
    ),
    Target("recovery", "running again after SIGKILL", "recovery.seconds", Sense.AT_MOST, 15, "s"),
    Target("memory", "a worker at rest, share of a core", "rest.cpu", Sense.AT_MOST, 1, "%"),
    Target("memory", "a worker at rest, resident memory", "rest.rss", Sense.AT_MOST, 120, "MB"),
    *BULK,
    *LAYERS,
)


def judge(target: Target, figures: Figures) -> Judged:
    """Hold a target against the figures: medians, and the best of the others where it names others."""
    value = figures.median(target.figure)
    rival = None
    if target.of is not None:
        others = {name: figure for name, figure in figures.medians(target.of) if figure}
        best = max if target.sense is Sense.AT_LEAST else min
        rival = best(others, key=others.__getitem__, default=None)
        value = value / others[rival] if value is not None and rival is not None else None
    if value is None:
        return Judged(target, None, rival, Verdict.NOT_MEASURED)
    is_met = value >= target.bound if target.sense is Sense.AT_LEAST else value <= target.bound
    return Judged(target, value, rival, Verdict.MET if is_met else Verdict.FALLS_SHORT)


def judged(figures: Figures, parts: frozenset[str]) -> Iterator[Judged]:
    """Judge the targets of the parts that were run, in order."""
    yield from (judge(target, figures) for target in TARGETS if target.part in parts)
