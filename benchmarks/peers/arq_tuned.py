"""arq tuned for pace: a look at the queue every 10 ms, as many slots as the others, results not kept."""

from contextlib import AbstractAsyncContextManager

from benchmarks.peers.arq_stock import open_arq
from benchmarks.peers.peer import Job, Peer, Place, play


def open_arq_tuned(place: Place, job: Job) -> AbstractAsyncContextManager[Peer]:
    """Return arq, tuned."""
    return open_arq(place, job, max_jobs=place.slots, poll_delay=0.01, keep_result=0)


if __name__ == "__main__":
    play(open_arq_tuned)
