"""What a job did: counts, and the ids of the first rows."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

IDS_KEPT = 1_000
"""How many ids a result names; the audit log names them all by job id."""

Count = Annotated[int, Field(ge=0)]


class Result(BaseModel):
    """Rows by what became of them; `ids` holds, by action and entity, up to 1,000 ids in all."""

    model_config = ConfigDict(frozen=True)

    inserted: Count = 0
    updated: Count = 0
    skipped: Count = 0
    deleted: Count = 0
    restored: Count = 0
    purged: Count = 0
    ids: dict[str, dict[str, list[int]]] = {}
    ids_complete: bool = True

    def __add__(self, other: "Result") -> "Result":
        """Return both results as one."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
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
        return Result(**counts, ids=ids, ids_complete=complete)


COUNTS = ("inserted", "updated", "skipped", "deleted", "restored", "purged")
"""The names of a result's counts, in the order in which people read them."""


def counted(action: str, entity: str, written: int, ids: list[int]) -> Result:
    """Return the result of one statement that wrote `written` rows, the first of them with `ids`."""
    kept = {action: {entity: ids}} if ids else {}
    return Result.model_validate({action: written, "ids": kept, "ids_complete": written == len(ids)})
