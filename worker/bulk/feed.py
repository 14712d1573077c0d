"""The chunks of an upload as a stream that a thread reads, fetched by the coroutine that has the connection."""

import asyncio
import io
from asyncio import Future
from collections.abc import Awaitable, Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

import zstandard

CHUNK_BYTES = 1024 * 1024
"""Bytes of a source in one chunk, before they are packed."""

AHEAD = 4
"""Chunks that wait for the thread: more than a batch of rows takes, so that it seldom waits for the connection."""

Fetch = Callable[[int], Awaitable[bytes | None]]
"""Returns a chunk of the upload by its number, counted from 0, or None after the last."""


def packed(data: bytes) -> bytes:
    """Return a chunk as it is stored: a zstd frame of its own, at the level that costs least."""
    return zstandard.ZstdCompressor(level=1).compress(data)


class Feed(io.RawIOBase):
    """A binary stream over the chunks of an upload; `serve` brings them."""

    def __init__(self, fetch: Fetch) -> None:
        """Take what fetches a chunk on the connection of the job's own transaction.

        `position` is the number of packed bytes that the thread has taken.
        """
        self.position = 0
        self._fetch = fetch
        self._chunks: SimpleQueue[bytes | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._hungry = asyncio.Event()
        self._hungry.set()
        self._rest = memoryview(b"")
        self._number = 0
        self._is_whole = False

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Fill the buffer from the chunks; blocks until there is one."""
        if not self._rest:
            chunk = self._chunks.get()
            if chunk is None:
                self._chunks.put(None)
                return 0
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._hungry.set)
            self.position += len(chunk)
            self._rest = memoryview(zstandard.ZstdDecompressor().decompress(chunk, max_output_size=CHUNK_BYTES))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    async def serve(self, wanted: "Future[Any]") -> None:
        """Wait for an item that the thread makes from this stream, and fetch chunks whenever it may need them."""
        while not wanted.done():
            while not self._is_whole and self._chunks.qsize() < AHEAD:
                chunk = await self._fetch(self._number)
                self._number += 1
                self._is_whole = chunk is None
                self._chunks.put(chunk)
            self._hungry.clear()
            hungry: Future[Any] = asyncio.ensure_future(self._hungry.wait())
            try:
                await asyncio.wait({wanted, hungry}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                hungry.cancel()

    def end(self) -> None:
        """Let a thread that waits go: nobody reads on."""
        self._chunks.put(None)
