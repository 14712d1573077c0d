"""What a person asks of an import, before any file is opened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath

from domain.commands import OnConflict
from worker.importing.errors import UnknownFormat, WrongOption

STDIN = "-"
_TAB = {"\\t", "tab"}


class Format(StrEnum):
    """How a file holds its records."""

    CSV = "csv"
    NDJSON = "ndjson"


_SUFFIXES = {".csv": Format.CSV, ".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One import: `maps` gives fields their columns, `sets` the value where the file says none."""

    file: str
    entity: str
    format: Format
    maps: dict[str, str] = field(default_factory=dict)
    sets: dict[str, str] = field(default_factory=dict)
    on_conflict: OnConflict = OnConflict.ERROR
    distinct: str | None = None
    batch_size: int = 1000
    delimiter: str = ","
    encoding: str = "utf-8"
    actor: str
    reason: str | None = None


def format_of(file: str, said: Format | None) -> Format:
    """Return the format that was said, or that the file's suffix tells; raises UnknownFormat."""
    found = said or _SUFFIXES.get(PurePath(file).suffix.lower())
    if found is None:
        raise UnknownFormat(file)
    return found


def pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    """Return `field=something` options as a dictionary; raises WrongOption for another form, or a field named twice."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals) or (option == "--map" and not value):
            raise WrongOption(option, text, "expected field=" + ("column" if option == "--map" else "value"))
        if name in found:
            raise WrongOption(option, text, f"{name!r} was given {found[name]!r} already; say it once")
        found[name] = value
    return found


def delimiter_of(text: str) -> str:
    r"""Return the character between the cells, a tab for `tab` or `\t`; raises WrongOption."""
    found = "\t" if text in _TAB else text
    if len(found) != 1 or found in '"\r\n':
        raise WrongOption("--delimiter", text, "expected one character, such as , or ; or tab")
    return found
