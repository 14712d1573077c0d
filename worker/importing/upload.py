"""A file sent into the database with its job, in one transaction: the job is there with all of it, or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

from persistence.enqueue import Accepted, enqueue
from persistence.sessions import Sessions
from persistence.transaction import transaction
from persistence.upload import keep_chunk
from worker.bulk.ahead import read_ahead
from worker.bulk.feed import CHUNK_BYTES, packed
from worker.importing.errors import UnreadableFile
from worker.importing.options import STDIN, Options


def size_of(file: str) -> int | None:
    """Return the bytes of a regular file, None for anything that has no size; raises UnreadableFile."""
    if file == STDIN:
        return None
    try:
        return Path(file).stat().st_size if Path(file).is_file() else None
    except OSError as error:
        raise unreadable(file, error) from None


async def send_link(sessions: Sessions, options: Options, queue: str) -> Accepted:
    """Enqueue the job, whose source the worker reads from its URL."""
    origin = options.origin()
    async with transaction(sessions, origin) as tx:
        source = options.source.model_copy(update={"url": options.file})
        return await enqueue(tx.session, options.command(source), origin, job_id=options.job_id, queue=queue)


async def send_file(sessions: Sessions, options: Options, queue: str, moved: Callable[[int], None]) -> Accepted:
    """Enqueue the job with the bytes of its file; `moved` is told how many are read so far.

    A job that is there already under its id gets nothing. Raises UnreadableFile, also for a file that changes while it
    is read; nothing is sent then.
    """
    origin = options.origin()
    async with transaction(sessions, origin) as tx:
        accepted = await enqueue(tx.session, options.command(), origin, job_id=options.job_id, queue=queue)
        if accepted.is_new:
            number = position = 0
            async with aclosing(read_ahead(_chunks(options.file))) as chunks:
                async for chunk, size in chunks:
                    await keep_chunk(tx.session, accepted.id, number, chunk)
                    number, position = number + 1, position + size
                    moved(position)
        return accepted


def _chunks(file: str) -> Iterator[tuple[bytes, int]]:
    try:
        with opened(file) as stream:
            before = stamp_of(stream)
            while data := stream.read(CHUNK_BYTES):
                yield packed(data), len(data)
            if file != STDIN:
                refuse_changed(file, stream, before)
    except OSError as error:
        raise unreadable(file, error) from None


def opened(file: str) -> BinaryIO:
    """Return the file, or standard input, to be read."""
    # 0 is standard input. Not sys.stdin.buffer: a thread that waits in it would hold a lock that Python's exit wants.
    return open(0, "rb", closefd=False) if file == STDIN else Path(file).open("rb")


def stamp_of(stream: BinaryIO) -> tuple[int, int]:
    """Return what tells whether an open file has changed: its bytes and its time."""
    found = os.fstat(stream.fileno())
    return found.st_size, found.st_mtime_ns


def refuse_changed(file: str, stream: BinaryIO, before: tuple[int, int]) -> None:
    """Raise UnreadableFile where an open file has another stamp than before."""
    if stamp_of(stream) != before:
        raise UnreadableFile(file, "it changed while it was read; send it again when nobody writes to it")


def unreadable(file: str, error: OSError) -> UnreadableFile:
    """Return the error about a file, in the operating system's words."""
    return UnreadableFile(file, error.strerror or type(error).__name__)
