"""What a person asks of an import, before any file is opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from domain.commands import Bulk, BulkInsert, BulkUpdate, OnConflict, OnInvalid
from domain.origin import Origin
from domain.source import Source
from worker.importing.errors import WrongOption

STDIN = "-"
SHOWN = 200
"""Characters of a wrong value that its error shows."""
_TAB = {"\\t", "tab"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One import: a source as it is described, and what is done with its rows."""

    file: str
    entity: str
    source: Source
    on_conflict: OnConflict = OnConflict.ERROR
    conflict_on: tuple[str, ...] | None = None
    on_invalid: OnInvalid = OnInvalid.SKIP
    max_rejects: int = 10_000
    create_missing: tuple[str, ...] = ()
    is_update: bool = False
    match_on: str | None = None
    dry_run: bool = False
    actor: str
    reason: str | None = None
    job_id: str | None = None

    @property
    def is_url(self) -> bool:
        """Tell whether the worker reads the file itself, from where a URL says."""
        return "://" in self.file

    def command(self, source: Source | None = None) -> Bulk:
        """Return the job's arguments, for the whole source or for a part of it."""
        common: dict[str, Any] = {
            "entity": self.entity,
            "source": source or self.source,
            "on_invalid": self.on_invalid,
            "max_rejects": self.max_rejects,
            "dry_run": self.dry_run,
        }
        if self.is_update:
            return BulkUpdate(**common, match_on=self.match_on)
        return BulkInsert(
            **common,
            on_conflict=self.on_conflict,
            conflict_on=self.conflict_on,
            create_missing=self.create_missing,
        )

    def origin(self, part: str = "") -> Origin:
        """Return who asks and why: by default the file's name, without its folder, and the `part` of it.

        Raises WrongOption for an actor or a reason that is empty, too long or not to be stored.
        """
        reason = self.reason or f"import of {name_of(self.file)}{part}"
        try:
            return Origin(actor=self.actor, reason=reason)
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            raise WrongOption(f"--{wrong['loc'][0]}", str(wrong["input"])[:SHOWN], wrong["msg"]) from None


def name_of(file: str) -> str:
    """Return how an import's reason names the file: without its folder, its query, or what cannot be stored."""
    if file == STDIN:
        return "standard input"
    last = PurePath(file.partition("?")[0]).name if "://" in file else PurePath(file).name
    return last.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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


def character_of(option: str, text: str) -> str:
    r"""Return one character of a CSV dialect, a tab for `tab` or `\t`; raises WrongOption."""
    found = "\t" if text in _TAB else text
    if len(found) != 1 or found in "\r\n\x00":
        raise WrongOption(option, text, "expected one character, such as , or ; or tab")
    return found
