"""A result as a line for people."""

from collections.abc import Mapping
from typing import Any

from domain.result import COUNTS

SHOWN = 5
"""How many ids of an entity the line names; the JSON has up to 1,000, and the audit log all."""


def result_line(result: Mapping[str, Any]) -> str:
    """Return what a job did, or a dry run would do, such as `201 deleted (project 11; task 83, 299 and 198 more)`."""
    told = [f"{result[name]:,} {name}{_ids(result, name)}" for name in COUNTS if result.get(name)]
    line = "; ".join([", ".join(told) or "nothing to do", *(f"note: {note}" for note in result.get("notes", ()))])
    return f"dry run, taken back: {line}" if result.get("dry_run") else line


def _ids(result: Mapping[str, Any], action: str) -> str:
    by_entity: Mapping[str, list[int]] = result.get("ids", {}).get(action, {})
    told = "; ".join(f"{entity} {_some(ids)}" for entity, ids in by_entity.items())
    return f" ({told})" if told else ""


def _some(ids: list[int]) -> str:
    shown = ", ".join(str(one) for one in ids[:SHOWN])
    return shown if len(ids) <= SHOWN else f"{shown} and {len(ids) - SHOWN:,} more"
