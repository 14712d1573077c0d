"""A file in parts, each a job whose id its bytes decide: run again, an import goes on where it stopped."""

import hashlib
from collections.abc import Iterator
from contextlib import aclosing

from domain.errors import CounterfoilError
from domain.job import JobState
from domain.source import Compression, Format
from persistence.enqueue import Accepted, enqueue
from persistence.sessions import Sessions
from persistence.transaction import transaction
from persistence.upload import keep_chunk
from worker.bulk.ahead import read_ahead
from worker.bulk.feed import CHUNK_BYTES, packed
from worker.follow import Follower
from worker.importing.cutting import Part, parts_of
from worker.importing.errors import WrongOption
from worker.importing.options import STDIN, Options
from worker.importing.settle import settle
from worker.importing.summary import Ending, Summary
from worker.settings import Settings


async def send_parts(
    options: Options, settings: Settings, follower: Follower, summary: Summary, rows_each: int
) -> Ending:
    """Send one job after another, each with its rows, and wait for each; a part that is done already is passed over.

    A part that fails does not keep the next ones out; a file that cannot be read on does. Raises WrongOption for a
    source that cannot be cut, and what reading raises before the first part.
    """
    _refuse_whole(options, rows_each)
    try:
        return await _send_all(options, settings, follower, summary, rows_each)
    except CounterfoilError as error:
        if not summary.jobs:
            raise
        summary.failures.append(f"{options.file}: {error}")
        return Ending.FAILED


async def _send_all(
    options: Options, settings: Settings, follower: Follower, summary: Summary, rows_each: int
) -> Ending:
    ending = Ending.DONE
    made = parts_of(options.file, options.source, rows_each, max_record_bytes=settings.max_bytes)
    async with aclosing(read_ahead(made)) as parts:
        async for part in parts:
            summary.not_sent_from = part.first
            accepted = await _send(follower.sessions, options, part, settings.queue)
            summary.jobs.append(accepted.id)
            summary.not_sent_from = part.last + 1
            row = await follower.ended(accepted.id)
            if not accepted.is_new and row is not None and row.state == JobState.SUCCEEDED:
                summary.done_before += 1
            came_to = await settle(follower.sessions, row, accepted.id, summary)
            ending = ending if ending is Ending.FAILED else came_to
    summary.not_sent_from = None
    return ending


async def _send(sessions: Sessions, options: Options, part: Part, queue: str) -> Accepted:
    source = options.source.model_copy(update={"compression": Compression.NONE, "lines_before": part.lines_before})
    command = options.command(source)
    origin = options.origin(f", lines {part.first} to {part.last}")
    digest = hashlib.sha256(command.model_dump_json(exclude_unset=True).encode() + part.data).hexdigest()
    async with transaction(sessions, origin) as tx:
        accepted = await enqueue(tx.session, command, origin, job_id=f"import:{digest[:40]}", queue=queue)
        if accepted.is_new:
            for number, chunk in enumerate(_chunks(part.data)):
                await keep_chunk(tx.session, accepted.id, number, chunk)
        return accepted


def _chunks(data: bytes) -> Iterator[bytes]:
    return (packed(data[place : place + CHUNK_BYTES]) for place in range(0, len(data), CHUNK_BYTES))


def _refuse_whole(options: Options, rows_each: int) -> None:
    why = None
    if options.is_url:
        why = "a worker reads a URL in one transaction; download the file, and import that"
    elif options.file == STDIN:
        why = "standard input cannot be read a second time; import a file"
    elif options.source.format is Format.PARQUET:
        why = "Parquet cannot be cut by lines; import csv or ndjson"
    elif options.source.distinct is not None:
        why = "each part would know its own rows alone; leave out --distinct, or import the file as one job"
    elif options.job_id is not None:
        why = "each part has an id of its own; leave out --job-id"
    if why is not None:
        raise WrongOption("--commit-every", str(rows_each), why)
