"""Commands: the arguments of the jobs, frozen and strict."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from domain.entity import MAX_ID
from domain.errors import unknown
from domain.job import REMEMBERED_DAYS
from domain.source import Source
from domain.storable import UNSTORABLE, unstorable_path

RowId = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]
Key = Annotated[str, Field(min_length=1)] | Annotated[int, Field(strict=True)]
Row = dict[str, JsonValue]
Version = Annotated[int, Field(strict=True, ge=1)]


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Ids = Annotated[list[RowId], BeforeValidator(_as_list), Field(min_length=1)]
Keys = Annotated[list[Key], BeforeValidator(_as_list), Field(min_length=1)]


MAX_REJECTS = 10_000
"""Refused rows after which a bulk job gives up unless it says another number: then it is the file that is wrong."""


class OnConflict(StrEnum):
    """What becomes of a row whose natural key a live row already has."""

    ERROR = "error"
    SKIP = "skip"
    UPDATE = "update"


class Command(BaseModel):
    """The arguments of one job; `job` is the stable name under which it is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    job: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _refuse_unstorable(cls, arguments: JsonValue) -> JsonValue:
        if (path := unstorable_path(arguments)) is not None:
            raise ValueError(f"{path} {UNSTORABLE}")
        return arguments


class OnInvalid(StrEnum):
    """What becomes of a bulk job with a row that is refused."""

    ABORT = "abort"
    SKIP = "skip"


class Bulk(Command):
    """What bulk jobs have in common: rows in the arguments or in a source, and what is done about refused ones.

    `max_rejects` bounds the refused rows with `on_invalid` skip. A dry run does all of the work, and takes it back.
    """

    entity: str
    rows: Annotated[list[Row], Field(min_length=1)] | None = None
    source: Source | None = None
    on_invalid: OnInvalid = OnInvalid.ABORT
    max_rejects: int = Field(default=MAX_REJECTS, ge=0)
    dry_run: bool = False

    @model_validator(mode="after")
    def _take_rows_from_one_place(self) -> "Bulk":
        if (self.rows is None) == (self.source is None):
            raise ValueError("say either rows, or source")
        return self


class BulkInsert(Bulk):
    """Insert rows; a row may name a related row by its natural key, as in `{"project.key": "alpha"}`.

    `conflict_on` names the columns of the unique constraint that decides what a conflict is, by default the natural
    key. `create_missing` names references, such as `project`, whose missing rows are created, from the natural key
    and from further fields that a row says of them, as in `{"project.key": "alpha", "project.name": "Alpha"}`.
    """

    job: ClassVar[str] = "bulk_insert"

    on_conflict: OnConflict = OnConflict.ERROR
    conflict_on: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    create_missing: tuple[str, ...] = ()


class BulkUpdate(Bulk):
    """Change rows, each to what its own line says: the key or the id that names it, and the columns that change.

    `match_on` is `id` or the natural key, by default the natural key where there is one.
    """

    job: ClassVar[str] = "bulk_update"

    match_on: str | None = None


class Selection(Command):
    """Which live rows: exactly one of `id` (one or a list), `key` (one or a list), `where` (a filter), `everything`.

    An empty `where` is none: whoever means every live row says `everything=True`.
    """

    entity: str
    id: Ids | None = None
    key: Keys | None = None
    where: Annotated[Row, Field(min_length=1)] | None = None
    everything: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _select_in_one_way(self) -> "Selection":
        ways = {**self._ways(), "everything=true": self.everything or None}
        if sum(way is not None for way in ways.values()) != 1:
            raise ValueError(f"say which rows in exactly one way: {', '.join(ways)}")
        return self

    def _ways(self) -> dict[str, object]:
        return {"id": self.id, "key": self.key, "where": self.where}


class Update(Selection):
    """Change rows: one set of `changes` for all that are selected, or `changes_by_key`, one set for each key.

    `expected_version` refuses the job when a selected row has another version: one number for all rows, or with
    `changes_by_key` a number for each key.
    """

    job: ClassVar[str] = "update"

    changes: Annotated[Row, Field(min_length=1)] | None = None
    changes_by_key: Annotated[dict[str, Annotated[Row, Field(min_length=1)]], Field(min_length=1)] | None = None
    expected_version: Version | dict[str, Version] | None = None

    def _ways(self) -> dict[str, object]:
        return {**super()._ways(), "changes_by_key": self.changes_by_key}

    @model_validator(mode="after")
    def _change_in_one_way(self) -> "Update":
        if (self.changes is None) == (self.changes_by_key is None):
            raise ValueError("say either changes, or changes_by_key")
        if isinstance(self.expected_version, Mapping) and self.changes_by_key is None:
            raise ValueError("expected_version by key goes with changes_by_key; say one number here")
        if isinstance(self.expected_version, int) and self.changes_by_key is not None:
            raise ValueError("expected_version goes by key here: {key: version}")
        if isinstance(self.expected_version, Mapping):
            self._refuse_unchanged(self.expected_version.keys())
        return self

    def _refuse_unchanged(self, keys: AbstractSet[str]) -> None:
        changed = self.changes_by_key or {}
        for key in sorted(keys - changed.keys()):
            raise ValueError(f"expected_version names a row that does not change: {unknown('key', key, changed)}")


class SoftDelete(Selection):
    """Mark rows as deleted; `cascade` takes along what they own (a project's tasks, a task's subtasks).

    `expected_version` refuses the job when a selected row, not one that is taken along, has another version.
    """

    job: ClassVar[str] = "soft_delete"

    cascade: bool = False
    expected_version: Version | None = None


class Restore(Command):
    """Bring soft-deleted rows back: exactly those that one soft delete's job removed (`job_id`), or given ids.

    `cascade` takes along, of every entity, what the transaction that deleted the given ids deleted with them.
    `expected_version`, with ids alone, refuses the job when one of the given rows has another version.
    """

    job: ClassVar[str] = "restore"

    job_id: Annotated[str, Field(min_length=1)] | None = None
    entity: str | None = None
    id: Ids | None = None
    cascade: bool = False
    expected_version: Version | None = None

    @model_validator(mode="after")
    def _say_what_in_one_way(self) -> "Restore":
        by_job = self.job_id is not None and self.entity is None and self.id is None
        by_id = self.job_id is None and self.entity is not None and self.id is not None
        if not (by_job or by_id):
            raise ValueError("say either job_id, or entity and id")
        if by_job and self.cascade:
            raise ValueError("a job's rows all come back; cascade goes with entity and id")
        if by_job and self.expected_version is not None:
            raise ValueError("expected_version goes with entity and id; a job's rows have versions of their own")
        return self


class Purge(Command):
    """Delete for good, at most `limit` rows, what was soft-deleted more than `retention_days` days ago.

    `go_on` enqueues the next batch where this one was full. A dry run does the work, and takes it back.
    """

    job: ClassVar[str] = "purge"

    retention_days: float = Field(gt=0)
    limit: int = Field(default=10_000, ge=1)
    go_on: bool = False
    dry_run: bool = False


class Prune(Command):
    """Remove, at most `limit`, jobs that ended more than so many days ago; dead ones are kept longer.

    `go_on` enqueues the next batch where this one was full.
    """

    job: ClassVar[str] = "prune"

    finished_days: float = Field(ge=REMEMBERED_DAYS)
    dead_days: float = Field(ge=REMEMBERED_DAYS)
    limit: int = Field(default=10_000, ge=1)
    go_on: bool = False


SENDABLE: tuple[type[Command], ...] = (BulkInsert, BulkUpdate, Update, SoftDelete, Restore)
"""The commands that every door offers to senders; those that delete for good are the schedules' own."""
