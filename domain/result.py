"""What a job did: counts, and the ids of the first rows."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

IDS_KEPT = 1_000
"""How many ids a result names; the audit log names them all by job id."""

Count = Annotated[int, Field(ge=0)]


class Result(BaseModel):
    """Rows by what became of them; `ids` holds, by action and entity, up to 1,000 ids in all.

    `related` are those of the inserted rows that a bulk job created because its rows named them.
    `notes` say what a person should know of a bulk job's source. A dry run keeps its first changes, as the audit log
    would have them, in `changes`.
    """

    model_config = ConfigDict(frozen=True)

    inserted: Count = 0
    updated: Count = 0
    skipped: Count = 0
    deleted: Count = 0
    restored: Count = 0
    purged: Count = 0
    refused: Count = 0
    related: Count = 0
    ids: dict[str, dict[str, list[int]]] = {}
    ids_complete: bool = True
    notes: tuple[str, ...] = ()
    dry_run: bool = False
    changes: tuple[dict[str, JsonValue], ...] = ()

    def __add__(self, other: "Result") -> "Result":
        """Return both results as one."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in (*COUNTS, "related")}
        ids: dict[str, dict[str, list[int]]] = {}
        room = IDS_KEPT
        dropped = False
        for source in (self.ids, other.ids):
            for action, by_entity in source.items():
                for entity, found in by_entity.items():
                    kept = found[:room]
                    room -= len(kept)
                    dropped = dropped or len(kept) < len(found)
                    if kept:
                        ids.setdefault(action, {}).setdefault(entity, []).extend(kept)
        complete = self.ids_complete and other.ids_complete and not dropped
        return Result(
            **counts,
            ids=ids,
            ids_complete=complete,
            notes=self.notes + other.notes,
            dry_run=self.dry_run or other.dry_run,
            changes=self.changes + other.changes,
        )


COUNTS = ("inserted", "updated", "skipped", "deleted", "restored", "purged", "refused")
"""The names of a result's counts, in the order in which people read them."""


def counted(action: str, entity: str, written: int, ids: list[int]) -> Result:
    """Return the result of one statement that wrote `written` rows, the first of them with `ids`."""
    kept = {action: {entity: ids}} if ids else {}
    return Result.model_validate({action: written, "ids": kept, "ids_complete": written == len(ids)})
