"""One import from its options to its tally."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

from domain.commands import OnConflict
from domain.entities import EntityType
from worker.composition import open_redis
from worker.importing.batches import Batch
from worker.importing.deliver import deliver_all
from worker.importing.errors import WrongOption
from worker.importing.in_thread import in_thread
from worker.importing.options import Options
from worker.importing.post import Post, checked_envelope
from worker.importing.progress import progress_shown
from worker.importing.source import read_batches, size_of
from worker.importing.tally import Tally
from worker.settings import Settings, load_entities


async def import_rows(options: Options, settings: Settings, tally: Tally) -> None:
    """Read the file and send its rows as jobs; `tally` counts what became of them, also when this is cancelled.

    Raises, before anything is sent, whatever is wrong with the options, the header or the servers; later on
    UnreadableFile and redis' own errors.
    """
    batches, size = _prepared(options, settings)
    async with open_redis(settings) as redis, progress_shown(tally, size) as say, aclosing(in_thread(batches)) as read:
        await deliver_all(read, Post(redis, settings.queue, options), tally, say)


async def rehearse(options: Options, settings: Settings, tally: Tally) -> None:
    """Do all of an import that needs no server: read, map and check every row; raises what `import_rows` does."""
    batches, size = _prepared(options, settings)
    async with progress_shown(tally, size), aclosing(in_thread(batches)) as read:
        await _counted(read, tally)


def _prepared(options: Options, settings: Settings) -> tuple[Iterator[Batch], int | None]:
    entities = load_entities(settings)
    _refuse_conflict(entities[options.entity], options.on_conflict)
    envelope = checked_envelope(options)
    return read_batches(options, entities, settings, envelope=envelope), size_of(options.file)


def _refuse_conflict(entity: EntityType, on_conflict: OnConflict) -> None:
    if entity.natural_key is None and on_conflict is not OnConflict.ERROR:
        raise WrongOption("--on-conflict", on_conflict, f"{entity.name} has no natural key; only error is possible")


async def _counted(batches: AsyncIterator[Batch], tally: Tally) -> None:
    async for batch in batches:
        tally.take(batch)
