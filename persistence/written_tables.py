"""Which tables a statement writes, be it built or text."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import DDL, TextClause
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import ColumnElement, TableClause

from persistence.written_by_text import written_by_text


def written_tables(statement: ClauseElement) -> Iterator[tuple[str, str]]:
    """Yield what the statement does to which table, in lower case, such as `("delete from", "task")`.

    Text is searched by pattern, so a write that text only quotes is named too; its values belong into parameters.
    """
    for part in visitors.iterate(statement):
        if isinstance(part, UpdateBase):
            yield from _written_by(part)
        elif isinstance(part, TextClause):
            yield from written_by_text(part.text)
        elif isinstance(part, DDL):
            yield from written_by_text(part.statement)


def _written_by(statement: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - with SQLAlchemy's private attributes
    """Yield the tables of a built statement: behind an alias, in a join, and by the columns that MySQL sets in others.

    The rows of an insert of many are not among the parts that SQLAlchemy goes through.
    """
    kind = str(statement.__visit_name__)
    targets = [
        statement.table,
        *(getattr(column, "table", None) for column in getattr(statement, "_values", None) or ()),
    ]
    for target in targets:
        for table in visitors.iterate(target) if target is not None else ():
            if isinstance(table, TableClause):
                yield kind, str(table.name).lower()
    for rows in getattr(statement, "_multi_values", ()):
        for row in rows:
            for value in row.values() if isinstance(row, dict) else row:
                if isinstance(value, ColumnElement):
                    yield from written_tables(value)
