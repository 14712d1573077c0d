"""What can be told to be wrong with an import before anything is sent."""

from domain.commands import OnConflict
from domain.entities import Entities
from worker.bulk.planning import mapped
from worker.bulk.rows_of import rows_of
from worker.importing.errors import WrongOption
from worker.importing.options import Options
from worker.importing.upload import opened, size_of, unreadable
from worker.sources.records import read_records


def refuse_early(options: Options, entities: Entities, *, max_record_bytes: int) -> None:
    """Raise what the job would raise for these options, and for the header of a file that can be read twice.

    That is WrongOption, also for an option that would be ignored, UnknownName, InvalidRows, MissingFields, NothingTaken
    and what reading raises.
    """
    _refuse_idle(options)
    options.origin()
    mapped(rows_of(entities, options.command()), options.source, _header(options, max_record_bytes))


def _refuse_idle(options: Options) -> None:
    """Refuse options that the kind of import does not look at: who says one expects it to do something."""
    if not options.is_update:
        if options.match_on is not None:
            raise WrongOption("--match-on", options.match_on, "goes with --update; say --conflict-on for an insert")
        return
    given = {
        "--on-conflict": options.on_conflict if options.on_conflict is not OnConflict.ERROR else None,
        "--conflict-on": ",".join(options.conflict_on or ()),
        "--create-missing": ",".join(options.create_missing),
    }
    for option, value in given.items():
        if value:
            raise WrongOption(
                option, str(value), "means nothing with --update, which inserts no row; leave one of them out"
            )


def _header(options: Options, max_record_bytes: int) -> list[str] | None:
    """Return the columns of a regular file, None where there are none or where reading them would use them up."""
    if options.is_url or size_of(options.file) is None:
        return None
    try:
        with opened(options.file) as stream:
            return read_records(stream, options.source, max_record_bytes=max_record_bytes).header
    except OSError as error:
        raise unreadable(options.file, error) from None
