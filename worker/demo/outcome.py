"""What the demonstration must have come to, compared with what is there."""

import csv
from collections import defaultdict
from typing import Any

from sqlalchemy import func, text
from sqlmodel import col, select

from domain.images import Step, replay
from persistence.audit_log import AuditEntry
from persistence.database import Database
from persistence.reader import Reader, reader
from worker.demo.script import PROJECT, SAMPLE


async def counts(database: Database) -> dict[str, dict[str, int]]:
    """Return by entity the number of its live rows and of its audit rows by action."""
    found: dict[str, dict[str, int]] = {}
    async with reader(database.sessions, current=True) as read:
        for entity in database.entities.values():
            live = await read.scalars(select(func.count()).where(entity.table.c.deleted_at.is_(None)))
            actions = select(col(AuditEntry.action), func.count()).where(col(AuditEntry.entity) == entity.name)
            by_action = await read.rows(actions.group_by(col(AuditEntry.action)))
            found[entity.name] = {"live": live[0], **{row[0]: row[1] for row in by_action}}
    return found


def expected(*, over_http: int) -> dict[str, dict[str, int]]:
    """Return the same counts as the sample file has them, with so many updates over HTTP."""
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    members, projects = ({row[name] for row in rows} for name in ("assignee", "project"))
    owned = [row for row in rows if row["project"] == PROJECT]
    blocked = [row for row in owned if row["status"] == "blocked"]
    return {
        "member": {"live": len(members), "insert": len(members)},
        "project": {"live": len(projects), "insert": len(projects), "soft_delete": 1, "restore": 1},
        "task": {
            "live": len(rows),
            "insert": len(rows),
            "update": len(blocked) + over_http,
            "soft_delete": len(owned),
            "restore": len(owned),
        },
    }


async def differences(database: Database, *, over_http: int) -> list[str]:
    """Return what is not as it must be: counts, and rows that their own audit trail does not lead to."""
    seen, wanted = await counts(database), expected(over_http=over_http)
    found = [f"{name}: {seen[name]}, expected {wanted[name]}" for name in wanted if seen[name] != wanted[name]]
    async with reader(database.sessions, current=True) as read:
        for name in database.entities:
            found += await _astray(read, database, name)
    return found


async def _astray(read: Reader, database: Database, name: str) -> list[str]:
    lives: dict[str, list[Step]] = defaultdict(list)
    query = select(AuditEntry).where(col(AuditEntry.entity) == name).order_by(col(AuditEntry.id))
    for entry in await read.scalars(query):
        lives[entry.entity_id].append(Step(entry.action, entry.before, entry.after))
    table = database.entities[name].table
    image: Any = func.to_jsonb(text(table.name))
    rows = await read.rows(select(col(table.c.id), image).select_from(table))
    replayed = {row_id: replay(steps) for row_id, steps in lives.items()}
    return [
        f"{name} {row[0]} is not what its audit trail leads to" for row in rows if replayed.get(str(row[0])) != row[1]
    ]
