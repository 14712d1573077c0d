"""An iterator that blocks, read by a coroutine, and one item ahead of it."""

import asyncio
from asyncio import AbstractEventLoop, Future
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, cast

Item = TypeVar("Item")
Serve = Callable[["Future[Any]"], Awaitable[None]]
_END = object()


async def _wait(future: "Future[Any]") -> None:
    await asyncio.wait([future])


async def read_ahead(items: Iterator[Item], serve: Serve = _wait) -> AsyncGenerator[Item, None]:
    """Yield the items; the next one is made in a thread while the caller works on the last.

    `serve` waits for an item, and may meanwhile do what the thread waits for. Whatever the iterator raises is raised
    here. The thread is a daemon: standard input may block it for ever, and that must not keep the process from ending
    (`asyncio.to_thread` would).
    """
    asked: SimpleQueue[Future[Any] | None] = SimpleQueue()
    loop = asyncio.get_running_loop()
    Thread(target=_make, args=(items, asked, loop), daemon=True).start()
    future: Future[Any] = loop.create_future()
    asked.put(future)
    try:
        while True:
            await serve(future)
            if (item := await future) is _END:
                return
            future = loop.create_future()
            asked.put(future)
            yield cast("Item", item)
    finally:
        future.cancel()
        asked.put(None)


def _make(items: Iterator[Item], asked: "SimpleQueue[Future[Any] | None]", loop: AbstractEventLoop) -> None:
    while (future := asked.get()) is not None:
        try:
            _hand_over(loop, future, next(items, _END))
        except Exception as error:  # noqa: BLE001 - it is raised again, in the coroutine that asked
            _hand_over(loop, future, error)
    if isinstance(items, Generator):
        items.close()  # what it has opened, in the thread that has opened it


def _hand_over(loop: AbstractEventLoop, future: "Future[Any]", item: object) -> None:
    def settle() -> None:
        if future.done():  # cancelled meanwhile
            return
        if isinstance(item, Exception):
            future.set_exception(item)
        else:
            future.set_result(item)

    with suppress(RuntimeError):  # the loop is closed: nobody asks any more
        loop.call_soon_threadsafe(settle)
