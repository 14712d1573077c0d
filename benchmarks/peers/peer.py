"""What a peer is to the measurement, and its two processes: a worker, and a client that fills and sends.

Usage of every peer's module: `MODULE work BODY SLOTS DRAIN ANSWER` or `MODULE send BODY FILL COUNT`, with
DATABASE_URL and REDIS_URL in the environment; BODY is noop, orm or set.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import uvloop

from benchmarks.lines import heard, say
from benchmarks.meter import Meter
from benchmarks.peers.bodies import open_body
from benchmarks.sending import send

Job = Callable[[int], Awaitable[None]]
"""What a peer's handler calls with the number of its job."""

AT_ONCE = 200
"""Enqueues under way at a time, for peers that enqueue one by one."""


@dataclass(frozen=True)
class Place:
    """Where a peer works, and how many jobs at a time."""

    database_url: str
    redis_url: str
    slots: int


@dataclass(frozen=True)
class Peer:
    """A peer's doors: one job, many jobs (where it has such a door), and its worker's loop."""

    enqueue: Callable[[int], Awaitable[object]]
    run: Callable[[], Awaitable[object]]
    enqueue_many: Callable[[Sequence[int]], Awaitable[object]] | None = None


Open = Callable[[Place, Job], AbstractAsyncContextManager[Peer]]


def play(open_peer: Open) -> None:
    """Be the process that the command line asks for.

    On uvloop, whether or not the peer's own command installs it, and with warnings alone in the log: it is the faster
    of what its users would run.
    """
    logging.disable(logging.INFO)
    role, body, *numbers = sys.argv[1:]
    if role == "work":
        uvloop.run(_work(open_peer, body, *map(int, numbers)))
    else:
        uvloop.run(_send(open_peer, *map(int, numbers)))


async def _work(open_peer: Open, body: str, slots: int, drain: int, answer: int) -> None:
    meter = Meter(drain, answer)
    say("ready")
    if not heard("start"):
        return
    async with open_body(body, os.environ["DATABASE_URL"], slots) as apply:

        async def job(number: int) -> None:
            meter.begin()
            await apply(number)
            meter.end(number)

        async with open_peer(_place(slots), job) as peer:
            await peer.run()


async def _send(open_peer: Open, waiting: int, count: int) -> None:
    async def never(number: int) -> None:
        raise NotImplementedError(f"a client runs no job {number}")

    async with open_peer(_place(1), never) as peer:
        await _fill(peer, range(waiting))
        say("filled")
        if count and await asyncio.to_thread(heard, "send"):
            await send(peer.enqueue, range(waiting, waiting + count))


async def _fill(peer: Peer, numbers: range) -> None:
    for begin in range(0, len(numbers), AT_ONCE):
        batch = numbers[begin : begin + AT_ONCE]
        if peer.enqueue_many is not None:
            await peer.enqueue_many(batch)
        else:
            await asyncio.gather(*map(peer.enqueue, batch))


def _place(slots: int) -> Place:
    return Place(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], slots)
