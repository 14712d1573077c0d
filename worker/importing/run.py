"""One import from its options to its summary."""

from persistence.database import open_database
from worker.follow import bar_shown, follower
from worker.importing.checks import refuse_early
from worker.importing.options import Options
from worker.importing.parts import send_parts
from worker.importing.settle import settle
from worker.importing.summary import Ending, Summary
from worker.importing.upload import send_file, send_link, size_of
from worker.settings import Settings


async def import_rows(
    options: Options, settings: Settings, summary: Summary, *, rows_each: int | None = None
) -> Ending:
    """Send the file as one job, or as one for every `rows_each` rows, and wait for the end.

    `summary` has what came of it, also when this is cancelled. Raises, before anything is sent, whatever is wrong with
    the options or the servers; UnreadableFile.
    """
    async with open_database(settings) as database, bar_shown() as bar, follower(settings, database, bar) as following:
        refuse_early(options, database.entities, max_record_bytes=settings.max_bytes)
        if rows_each is not None:
            return await send_parts(options, settings, following, summary, rows_each)
        if options.is_url:
            accepted = await send_link(database.sessions, options, settings.queue)
        else:
            size = size_of(options.file)

            def moved(position: int) -> None:
                bar.show("upload", position / size if size else None, f"{position / 1e6:,.1f} MB")

            accepted = await send_file(database.sessions, options, settings.queue, moved)
        if not accepted.is_new:
            bar.say(f"job {accepted.id} was there already, with these arguments; nothing was sent")
        summary.jobs.append(accepted.id)
        return await settle(database.sessions, await following.ended(accepted.id), accepted.id, summary)
