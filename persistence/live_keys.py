"""Keys that are unique among live rows, on a database without partial indexes: a generated column stands for the WHERE.

MySQL counts no two rows as equal in a unique index where a column of it is NULL. So the index of a live key has one
more column, generated as 1 for a live row and NULL for a deleted one; index and column bear one name, and are made and
dropped together. An index of Alembic's is told by the same condition: a team's own migrations need no word about it.
"""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex, DropIndex

LIVE = "deleted_at IS NULL"


def is_live_key(index: Index) -> bool:
    """Tell whether an index keeps a key unique among the rows that are not deleted."""
    where = index.dialect_options["postgresql"]["where"]
    return bool(index.unique) and where is not None and str(where) == LIVE


@compiles(CreateIndex, "mysql")
def _create(create: CreateIndex, compiler: Any, **options: object) -> str:  # noqa: ANN401 - a DDLCompiler, whose methods are untyped
    index = create.element
    if not is_live_key(index) or index.table is None:
        return str(compiler.visit_create_index(create, **options))
    table, name = compiler.preparer.format_table(index.table), compiler.preparer.quote(str(index.name))
    columns = ", ".join(compiler.preparer.quote(column.name) for column in index.columns)
    return (
        f"ALTER TABLE {table} ADD COLUMN {name} BOOLEAN GENERATED ALWAYS AS (IF({LIVE}, 1, NULL)) VIRTUAL, "
        f"ADD UNIQUE INDEX {name} ({columns}, {name})"
    )


@compiles(DropIndex, "mysql")
def _drop(drop: DropIndex, compiler: Any, **options: object) -> str:  # noqa: ANN401 - a DDLCompiler, whose methods are untyped
    index = drop.element
    if not is_live_key(index) or index.table is None:
        return str(compiler.visit_drop_index(drop, **options))
    table, name = compiler.preparer.format_table(index.table), compiler.preparer.quote(str(index.name))
    return f"ALTER TABLE {table} DROP INDEX {name}, DROP COLUMN {name}"
