"""A file's source, described from a person's options and from its name."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from domain.source import Compression, Dialect, Format, Source
from worker.importing.errors import UnknownFormat, WrongOption
from worker.importing.options import character_of
from worker.sources.compression import compression_of, format_of
from worker.sources.text import known_encoding


def described(  # noqa: PLR0913 - one keyword for each option
    file: str,
    *,
    form: Format | None,
    compression: Compression | None,
    characters: Mapping[str, str | None],
    null: str | None,
    encoding: str,
    maps: Mapping[str, str],
    sets: Mapping[str, str],
    distinct: str | None,
) -> Source:
    """Return the source; raises UnknownFormat where neither an option nor a suffix tells, WrongOption."""
    name = urlsplit(file).path if "://" in file else file
    found = form or format_of(name)
    if found is None:
        raise UnknownFormat(file)
    said = {option: character_of(f"--{option}", text) for option, text in characters.items() if text is not None}
    try:
        dialect = Dialect(**said, null=null)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise WrongOption("--delimiter", str(characters["delimiter"]), message) from None
    return Source(
        format=found,
        compression=compression or compression_of(name),
        dialect=dialect,
        encoding=known_encoding(encoding),
        map=dict(maps),
        set=dict(sets),
        distinct=distinct,
    )
