"""Which tables a statement that is text writes, in the spellings of PostgreSQL, SQLite and MySQL."""

import re
from collections.abc import Iterator
from functools import lru_cache

_QUOTED_OR_COMMENT = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|`[^`]*`)|/\*.*?\*/|--[^\n\r]*""", re.DOTALL)
_INNERMOST_COMMENT = re.compile(r"/\*(?!M?!)(?:(?!/\*|\*/).)*\*/", re.DOTALL)  # PostgreSQL's lie in one another
_OF_MYSQL = re.compile(r"/\*M?!\d*|\*/|#[^\n\r]*")  # it runs what stands in `/*! */`, and `#` begins a comment
_NAME = r"""(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|'[^']+'|\w+)"""  # quoted as PostgreSQL does, MySQL, SQLite in two ways
_TABLE = rf"(?:only\b[\s(]*)?{_NAME}(?:\s*\.\s*{_NAME})*"
# What MySQL and SQLite put between a verb and its table.
_HOW = r"(?:\s+(?:or\s+\w+|low_priority|high_priority|delayed|quick|ignore))*"
_WRITE = re.compile(
    rf"\b(insert{_HOW}(?:\s+into)?|replace{_HOW}(?:\s+into)?|update{_HOW}|delete{_HOW}\s+from|merge\s+into"
    r"|truncate(?:\s+table)?|copy|into\s+table)\b"
    rf"\s*\(?\s*({_TABLE}(?:[\s*)]*,\s*{_TABLE})*)",  # TRUNCATE takes a list
    re.IGNORECASE,
)
# MySQL writes any of the tables that it joins there.
_JOINING = re.compile(r"\b(update\b.*?join\b.*?\bset|delete\b.*?\bfrom\b.*?join)\b", re.IGNORECASE | re.DOTALL)
_JOINED = re.compile(rf"\b(?:from|(?:straight_)?join)\b[\s(]*({_TABLE})", re.IGNORECASE)
_UPDATED = re.compile(r"\bupdate\b(.*?)\bset\b", re.IGNORECASE | re.DOTALL)
_LISTED = re.compile(rf",[\s(]*({_TABLE})")
# MySQL deletes from tables that it lists before FROM, or before USING, by their names or their aliases.
_DELETED = re.compile(
    rf"\bdelete{_HOW}\s+(?:from\s+)?({_TABLE}(?:\s*\.\s*\*)?(?:\s*,\s*{_TABLE}(?:\s*\.\s*\*)?)*)", re.IGNORECASE
)
_LAST_NAME = re.compile(rf"({_NAME})[\s.*)]*$")


@lru_cache(maxsize=512)
def written_by_text(sentence: str) -> tuple[tuple[str, str], ...]:
    """Return what the text does to which table, in lower case, such as `("delete from", "task")`."""
    return tuple(found for form in _forms(sentence) for found in (*_written(form), *_of_several(form)))


def _forms(sentence: str) -> list[str]:
    """Return the text with and without comments: one may stand between words, or hide them where it is none."""
    bare = _QUOTED_OR_COMMENT.sub(lambda found: found[1] or " ", sentence)
    inner, before = sentence, ""
    while inner != before:
        inner, before = _INNERMOST_COMMENT.sub(" ", inner), inner
    return list(dict.fromkeys([sentence, bare, inner, _OF_MYSQL.sub(" ", inner)]))


def _written(form: str) -> Iterator[tuple[str, str]]:
    for kind, tables in _WRITE.findall(form):
        for table in tables.split(","):
            yield from _named(" ".join(kind.split()).lower(), table)


def _of_several(form: str) -> Iterator[tuple[str, str]]:
    """Yield what MySQL writes of several tables at once."""
    if _JOINING.search(form):
        for table in _JOINED.findall(form):
            yield from _named("join", table)
    for updated in _UPDATED.findall(form):
        for table in _LISTED.findall(updated):
            yield from _named("update", table)
    for deleted in _DELETED.findall(form):
        for table in deleted.split(","):
            for kind, name in _named("delete from", table):
                yield kind, name
                for called in re.findall(rf"({_TABLE})\s+(?:as\s+)?[`\"'\[]?{re.escape(name)}\b", form, re.IGNORECASE):
                    yield from _named(kind, called)


def _named(kind: str, table: str) -> Iterator[tuple[str, str]]:
    if last := _LAST_NAME.search(table):
        yield kind, last[1].strip("\"`[]'").lower()
