"""What can be told to be wrong with an import before anything is sent."""

from domain.entities import Entities
from worker.bulk.planning import mapped
from worker.bulk.rows_of import rows_of
from worker.importing.options import Options
from worker.importing.upload import opened, size_of, unreadable
from worker.sources.records import read_records


def refuse_early(options: Options, entities: Entities, *, max_record_bytes: int) -> None:
    """Raise what the job would raise for these options, and for the header of a file that can be read twice.

    That is UnknownName, InvalidRows, MissingFields, NothingTaken and what reading raises.
    """
    options.origin()
    mapped(rows_of(entities, options.command()), options.source, _header(options, max_record_bytes))


def _header(options: Options, max_record_bytes: int) -> list[str] | None:
    """Return the columns of a regular file, None where there are none or where reading them would use them up."""
    if options.is_url or size_of(options.file) is None:
        return None
    try:
        with opened(options.file) as stream:
            return read_records(stream, options.source, max_record_bytes=max_record_bytes).header
    except OSError as error:
        raise unreadable(options.file, error) from None
