"""A file, or standard input, as a stream of batches."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from domain.entities import Entities
from domain.errors import UnknownName
from worker.importing.batches import Batch, batches, chunks
from worker.importing.errors import UnreadableFile
from worker.importing.judge import Judge
from worker.importing.lines import Lines
from worker.importing.options import STDIN, Format, Options
from worker.importing.plan import Plan
from worker.importing.planning import make_plan
from worker.importing.read import Reading, read_csv, read_ndjson
from worker.settings import Settings

CHUNK = 500
"""Records that are checked together, so that memory holds few more than a batch."""

FILLED = 0.5
"""How much of a payload's room a batch takes: well under the limit, which another process may know otherwise."""

MIN_RECORD_BYTES = 1024 * 1024
"""Bytes that a record may have in the file however small a job's payload must be: not every column is mapped."""


def size_of(file: str) -> int | None:
    """Return the bytes of a regular file, None for anything that has no size; raises UnreadableFile."""
    if file == STDIN:
        return None
    try:
        return Path(file).stat().st_size if Path(file).is_file() else None
    except OSError as error:
        raise UnreadableFile(file, _why(error)) from None


def name_of(file: str) -> str:
    """Return how an import's reason names the file: without its folder, and as text that can be stored."""
    return "standard input" if file == STDIN else os.fsencode(Path(file).name).decode("utf-8", "replace")


def read_batches(options: Options, entities: Entities, settings: Settings, *, envelope: int) -> Iterator[Batch]:
    """Yield the file's records in batches; `envelope` is the number of a payload's bytes that are not rows.

    Raises UnreadableFile, WrongHeader, and what `make_plan` raises, all but the first before the first batch.
    """
    try:
        with _opened(options.file) as stream:
            yield from _batches(stream, options, entities, settings, envelope)
    except OSError as error:
        raise UnreadableFile(options.file, _why(error)) from None


def _batches(
    stream: BinaryIO, options: Options, entities: Entities, settings: Settings, envelope: int
) -> Iterator[Batch]:
    entity = entities[options.entity]
    limit = max(settings.max_bytes, MIN_RECORD_BYTES)
    lines = Lines(stream, encoding=options.encoding, max_bytes=limit)
    reading, plan = _planned(lines, options, entities)
    room = settings.max_bytes - envelope
    judge = Judge(entities, entity, plan, options.on_conflict, room, options.distinct)
    max_rows = min(options.batch_size, settings.max_rows)
    judged = (one for chunk in chunks(reading, min(CHUNK, max_rows)) for one in judge.judge(chunk))
    for batch in batches(judged, max_rows=max_rows, max_bytes=int(room * FILLED)):
        batch.position = lines.position
        yield batch
    yield Batch(position=lines.position, notes=plan.notes())


def _planned(lines: Lines, options: Options, entities: Entities) -> tuple[Reading, Plan]:
    entity, header, reading = entities[options.entity], None, None
    if options.format is Format.CSV:
        header, reading = read_csv(lines, options.delimiter)
    plan = make_plan(entities, entity, header, maps=options.maps, sets=options.sets)
    if options.distinct is not None and options.distinct not in plan.given():
        raise UnknownName("mapped field", options.distinct, tuple(plan.given()))
    return reading or read_ndjson(lines), plan


def _opened(file: str) -> BinaryIO:
    # 0 is standard input. Not sys.stdin.buffer: a thread that waits in it would hold a lock that Python's exit wants.
    return open(0, "rb", closefd=False) if file == STDIN else Path(file).open("rb")


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
