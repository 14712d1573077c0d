"""An iterator that blocks, read by a coroutine."""

import asyncio
from asyncio import AbstractEventLoop, Future
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar, cast

Item = TypeVar("Item")
_END = object()


async def in_thread(items: Iterator[Item]) -> AsyncGenerator[Item, None]:
    """Yield the items; each is computed in a thread when it is asked for, so that the event loop goes on meanwhile.

    Whatever the iterator raises is raised here. The thread is a daemon: standard input may block it for ever, and
    that must not keep the process from ending (`asyncio.to_thread` would).
    """
    asked: SimpleQueue[Future[object] | None] = SimpleQueue()
    loop = asyncio.get_running_loop()
    Thread(target=_serve, args=(items, asked, loop), daemon=True).start()
    try:
        while True:
            future: Future[object] = loop.create_future()
            asked.put(future)
            if (item := await future) is _END:
                return
            yield cast("Item", item)
    finally:
        asked.put(None)


def _serve(items: Iterator[Item], asked: "SimpleQueue[Future[object] | None]", loop: AbstractEventLoop) -> None:
    while (future := asked.get()) is not None:
        try:
            _hand_over(loop, future, next(items, _END))
        except Exception as error:  # noqa: BLE001 - it is raised again, in the coroutine that asked
            _hand_over(loop, future, error)


def _hand_over(loop: AbstractEventLoop, future: "Future[object]", item: object) -> None:
    def settle() -> None:
        if future.done():  # cancelled meanwhile
            return
        if isinstance(item, Exception):
            future.set_exception(item)
        else:
            future.set_result(item)

    with suppress(RuntimeError):  # the loop is closed: nobody asks any more
        loop.call_soon_threadsafe(settle)
