"""What becomes of each record: sent, refused, or passed over, judged without any server."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from pydantic import JsonValue

from domain.commands import OnConflict, Row
from domain.entities import Entities, EntityType
from domain.rows import check_rows
from worker.importing.plan import Plan
from worker.importing.read import Record, Refusal


class Fate(Enum):
    """What becomes of a record; a duplicate has a --distinct value that an earlier row had."""

    SENT = auto()
    REFUSED = auto()
    DUPLICATE = auto()
    SKIPPED = auto()


class Judged(NamedTuple):
    """A record with its fate: as a row of `size` bytes in a payload where it is to be sent, else with the reasons."""

    line: int
    fate: Fate
    row: Row
    size: int = 0
    refusals: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class Judge:
    """Judges the records of one file, in the file's order.

    A natural key belongs to the first row of the file that fits the schema, whatever the database then says of it: a
    later row with the same key is skipped with `on_conflict` skip, and refused otherwise. Jobs run side by side, so
    without this the order in which they happen to commit would decide. The keys and the --distinct values are
    kept for the whole import, 100 to 200 bytes for each: they, and nothing else, grow with the file.
    """

    entities: Entities
    entity: EntityType
    plan: Plan
    on_conflict: OnConflict
    max_bytes: int
    """Bytes that a row may have in a payload of its own."""
    distinct: str | None = None
    lines: dict[JsonValue, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def judge(self, records: Sequence[Record | Refusal]) -> list[Judged]:
        """Return the records judged, in their order."""
        mapped = [self._mapped(record) for record in records]
        fit = [number for number, one in enumerate(mapped) if one.fate is Fate.SENT]
        checked = check_rows(self.entities, self.entity, [mapped[number].row for number in fit])
        reasons: dict[int, list[Refusal]] = {}
        for problem in checked.refused:
            number = fit[problem.row or 0]
            refusal = Refusal(mapped[number].line, problem.field, problem.message)
            reasons.setdefault(number, []).append(refusal)
        keys = {fit[row.number]: row.values.get(str(self.entity.natural_key)) for row in checked.rows}
        for number, refusals in reasons.items():
            mapped[number] = mapped[number]._replace(fate=Fate.REFUSED, refusals=tuple(refusals))
        return [self._settled(one, keys.get(number)) for number, one in enumerate(mapped)]

    def _mapped(self, record: Record | Refusal) -> Judged:
        if isinstance(record, Refusal):
            return Judged(record.line, Fate.REFUSED, {}, refusals=(record,))
        row, refusals = self.plan.row(record)
        size = len(json.dumps(row, separators=(",", ":")))
        if size > self.max_bytes:
            reason = f"{size} bytes, at most {self.max_bytes} fit into a job (COUNTERFOIL_MAX_BYTES)"
            refusals.append(Refusal(record.line, "", reason))
        return Judged(record.line, Fate.REFUSED if refusals else Fate.SENT, row, size, tuple(refusals))

    def _settled(self, one: Judged, key: JsonValue) -> Judged:
        """Pass over what an earlier row stands for, and remember what this one stands for."""
        value = one.row.get(self.distinct) if self.distinct else None
        mark = json.dumps(value, sort_keys=True)
        if value is not None and mark in self.seen:
            return one._replace(fate=Fate.DUPLICATE)
        if one.fate is not Fate.SENT:
            return one
        if key is not None and key in self.lines:
            if self.on_conflict is OnConflict.SKIP:
                return one._replace(fate=Fate.SKIPPED)
            reason = f"{key!r} stands in line {self.lines[key]} too"
            return one._replace(fate=Fate.REFUSED, refusals=(Refusal(one.line, str(self.entity.natural_key), reason),))
        if key is not None:
            self.lines[key] = one.line
        if value is not None:
            self.seen.add(mark)
        return one
