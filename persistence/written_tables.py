"""Which tables a statement writes, be it built or text."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import DDL, TextClause
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.dml import UpdateBase

_QUOTED_OR_COMMENT = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|`[^`]*`)|/\*.*?\*/|--[^\n\r]*""", re.DOTALL)
_NAME = r'(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|\w+)'  # quoted as PostgreSQL does, MySQL, SQLite
_TABLE = rf"(?:only\b[\s(]*)?{_NAME}(?:\s*\.\s*{_NAME})*"
# What MySQL and SQLite put between a verb and its table.
_HOW = r"(?:\s+(?:or\s+\w+|low_priority|high_priority|delayed|quick|ignore))*"
_WRITE = re.compile(
    rf"\b(insert{_HOW}(?:\s+into)?|replace{_HOW}(?:\s+into)?|update{_HOW}|delete{_HOW}\s+from|merge\s+into"
    r"|truncate(?:\s+table)?|copy|into\s+table)\b"
    rf"\s*({_TABLE}(?:[\s*)]*,\s*{_TABLE})*)",  # TRUNCATE takes a list
    re.IGNORECASE,
)
# MySQL writes any of the tables that it joins there.
_JOINING = re.compile(r"\b(update\b.*?\bjoin\b.*?\bset|delete\b.*?\bfrom\b.*?\bjoin)\b", re.IGNORECASE | re.DOTALL)
_JOINED = re.compile(rf"\b(?:from|join)\b\s*({_TABLE})", re.IGNORECASE)
_LAST_NAME = re.compile(rf"({_NAME})[\s*)]*$")


def written_tables(statement: ClauseElement) -> Iterator[tuple[str, str]]:
    """Yield what the statement does to which table, in lower case, such as `("delete from", "task")`.

    Text is searched by pattern, so a write that text only quotes is named too; its values belong into parameters.
    """
    for part in visitors.iterate(statement):
        if isinstance(part, UpdateBase):
            yield str(part.__visit_name__), str(cast("Any", part.table).name).lower()
        elif isinstance(part, TextClause):
            yield from _written_by(part.text)
        elif isinstance(part, DDL):
            yield from _written_by(part.statement)


@lru_cache(maxsize=512)
def _written_by(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(_found_in(text))


def _found_in(text: str) -> Iterator[tuple[str, str]]:
    # With and without comments: one may stand between the words, and what only looks like one may hide them.
    for form in {text, _QUOTED_OR_COMMENT.sub(lambda found: found[1] or " ", text)}:
        for kind, tables in _WRITE.findall(form):
            for table in tables.split(","):
                if last := _LAST_NAME.search(table):
                    yield " ".join(kind.split()).lower(), _bare(last[1])
        if _JOINING.search(form):
            for table in _JOINED.findall(form):
                if last := _LAST_NAME.search(table):
                    yield "join", _bare(last[1])


def _bare(name: str) -> str:
    return name.strip('"`[]').lower()
