"""The last of a job's errors, and texts within texts, as each database finds them."""

from typing import Any

from sqlalchemy import Boolean, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class last_of(FunctionElement[str]):  # noqa: N801 - a function of SQL
    """A text of the last object of a JSON list, by its name; null where there is none."""

    type = Text()
    inherit_cache = True
    name = "last_of"

    def __init__(self, objects: Any, part: str) -> None:  # noqa: ANN401 - a column, as SQLModel types it
        """Take the column of the list, and the name."""
        super().__init__(objects, literal(part, Text()))


class holds(FunctionElement[bool]):  # noqa: N801 - a function of SQL
    """Whether a text holds another one, whose `%` and `_` mean themselves."""

    type = Boolean()
    inherit_cache = True
    name = "holds"


@compiles(last_of)
def _last_of(element: last_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    objects, part = (compiler.process(one, **options) for one in element.clauses)
    return f"jsonb_extract_path_text({objects}, '-1', {part})"


@compiles(last_of, "sqlite")
def _last_of_sqlite(element: last_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    objects, part = (compiler.process(one, **options) for one in element.clauses)
    return f"json_extract({objects}, '$[#-1].' || {part})"


@compiles(last_of, "mysql")
def _last_of_mysql(element: last_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    # Twice, and not '$[last]', which MariaDB knows from 10.9 on alone.
    first, _ = element.clauses.clauses
    objects, again, part = (compiler.process(one, **options) for one in (first, *element.clauses))
    place = f"concat('$[', json_length({objects}) - 1, '].', {part})"
    # MariaDB's functions of JSON answer in a collation of their own, which goes with no other text's; a cast in ours.
    return f"cast(json_unquote(json_extract({again}, {place})) AS char)"


@compiles(holds)
def _holds(element: holds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    text, part = (compiler.process(one, **options) for one in element.clauses)
    return f"(strpos({text}, {part}) > 0)"


@compiles(holds, "sqlite")
@compiles(holds, "mysql")
def _holds_elsewhere(element: holds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    text, part = (compiler.process(one, **options) for one in element.clauses)
    return f"(instr({text}, {part}) > 0)"
