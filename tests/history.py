"""A real table's life, from its git history, as jobs: `advisory-history.ndjson.gz` of the shared data.

An advisory is a task, its package a project. What a task has no column for stands in its tags, which are a JSON list:
`[aliases, published, withdrawn]`. A title that is empty, which a task's cannot be, is written as `EMPTY`.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.commands import BulkInsert, Command, SoftDelete, Update

EMPTY = "(none)"
DIGEST = """
SELECT task.key, project.key, task.title, task.description, task.tags
FROM task JOIN project ON project.id = task.project_id
WHERE task.deleted_at IS NULL
ORDER BY task.key COLLATE "C"
"""

Commit = Mapping[str, Any]


def commits(folder: Path) -> Iterator[Commit]:
    """Yield the history's commits, oldest first."""
    with gzip.open(folder / "advisory-history.ndjson.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def digest(rows: list[tuple[Any, ...]]) -> str:
    """Return the digest of what `DIGEST` found, as the history states it."""
    found = sha256()
    for key, package, title, details, tags in rows:
        row = [key, package, "" if title == EMPTY else title, details, *tags]
        found.update((json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode())
    return found.hexdigest()


class History:
    """Turns commits into commands; it remembers packages and tags, of which a change names only a part."""

    def __init__(self) -> None:
        """Begin before the first commit."""
        self._packages: set[str] = set()
        self._tags: dict[str, list[Any]] = {}

    def commands(self, commit: Commit) -> list[Command]:
        """Return a commit's commands, in the order in which they are to run."""
        found: list[Command] = []
        packages = sorted({row["package"] for row in commit["insert"]} - self._packages)
        if packages:
            self._packages.update(packages)
            found.append(BulkInsert(entity="project", rows=[{"key": name, "name": name} for name in packages]))
        if commit["delete"]:
            found.append(SoftDelete(entity="task", key=commit["delete"]))
        if commit["insert"]:
            found.append(BulkInsert(entity="task", rows=[self._row(row) for row in commit["insert"]]))
        if commit["update"]:
            changes = {change["key"]: self._changes(change["key"], change["changes"]) for change in commit["update"]}
            found.append(Update(entity="task", changes_by_key=changes))
        return found

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        self._tags[row["key"]] = [row["aliases"], row["published"], row["withdrawn"]]
        return {
            "key": row["key"],
            "project.key": row["package"],
            "title": row["title"] or EMPTY,
            "description": row["details"],
            "tags": self._tags[row["key"]],
        }

    def _changes(self, key: str, changes: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "title" in changes:
            found["title"] = changes["title"] or EMPTY
        if "details" in changes:
            found["description"] = changes["details"]
        old = self._tags[key]
        names = ("aliases", "published", "withdrawn")
        tags = [changes.get(name, value) for name, value in zip(names, old, strict=True)]
        if tags != old:
            found["tags"] = self._tags[key] = tags
        return found
