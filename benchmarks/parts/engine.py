"""Counterfoil beside its peers: no-op jobs, audited updates, and how soon an idle worker has committed."""

from benchmarks.bench import Bench
from benchmarks.contenders import OURS, PEERS, Contender
from benchmarks.match import play

SAMPLES = (100, 20)
"""Single jobs to an idle worker in one repetition; the second is for a quick run."""


async def engine(bench: Bench) -> None:
    """Let everybody have one turn; who fails is named, and has another turn in the next repetition."""
    for contender in (OURS, *PEERS):
        for body in contender.guesses:
            try:
                await _turn(bench, contender, body)
            except Exception as error:  # noqa: BLE001 - whatever a peer does, the others are measured
                bench.figures.fail(contender.figure(body), error)


async def _turn(bench: Bench, contender: Contender, body: str) -> None:
    is_timed = body in {"update", "orm"}
    played = await play(bench, contender, body, answer=SAMPLES[bench.quick] if is_timed else 0)
    bench.figures.record(contender.figure(body), played.rate)
    if is_timed:
        bench.figures.record(contender.figure("p50"), played.percentile(50))
        bench.figures.record(contender.figure("p99"), played.percentile(99))
