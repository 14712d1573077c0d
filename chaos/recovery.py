"""How soon after each fault the next job was committed."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from chaos.driver import Struck
from chaos.findings import Findings


@dataclass(frozen=True)
class Recovery:
    """A kind of fault: how often it was made, and the median and the worst seconds until a job was committed again."""

    name: str
    times: int
    median: float
    worst: float


def recoveries(faults: Sequence[Struck], findings: Findings) -> list[Recovery]:
    """Return the kinds of faults that were made, each with its recoveries; after the last one there may be none."""
    commits = sorted(row.committed.timestamp() for row in findings.rows.values())
    seconds: dict[str, list[float]] = defaultdict(list)
    for fault in faults:
        if (following := bisect_right(commits, fault.at)) < len(commits):
            seconds[fault.name].append(commits[following] - fault.at)
    times = Counter(fault.name for fault in faults)
    return [
        Recovery(name, number, median(seconds[name] or [0.0]), max(seconds[name], default=0.0))
        for name, number in sorted(times.items())
    ]


def slowest(findings: Findings) -> float:
    """Return the most seconds that passed between a job's due time and the commit of its outcome."""
    return max(((row.committed - row.due).total_seconds() for row in findings.rows.values()), default=0.0)
