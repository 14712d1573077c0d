"""A row's audited life: what each step changed, and the row to which the steps lead."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import JsonValue

Image = Mapping[str, JsonValue]


class Step(NamedTuple):
    """One audited action: an insert has only `after`, a purge only `before` (whole rows), others what changed."""

    action: str
    before: Image | None
    after: Image | None


class Change(NamedTuple):
    """One column that changed, from what to what."""

    column: str
    old: JsonValue
    new: JsonValue


def advance(row: Image | None, step: Step) -> dict[str, JsonValue] | None:
    """Return the row after the step: None after a purge, and before the first insert."""
    if step.action == "purge":
        return None
    return {**(row or {}), **(step.after or {})}


def replay(steps: Iterable[Step]) -> dict[str, JsonValue] | None:
    """Return the row that its audited life leads to, from nothing; None where it was purged or never was."""
    row: dict[str, JsonValue] | None = None
    for step in steps:
        row = advance(row, step)
    return row


def changes(step: Step) -> list[Change]:
    """Return what a step changed, column by column; an absent image counts as null."""
    before, after = step.before or {}, step.after or {}
    columns = list(dict.fromkeys([*before, *after]))
    return [Change(column, before.get(column), after.get(column)) for column in columns]
