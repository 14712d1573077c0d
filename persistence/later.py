"""Moments some seconds from now, or ago, by the database's clock."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from domain.moments import UtcDateTime


class later(FunctionElement[datetime]):  # noqa: N801 - a function of SQL
    """The moment so many seconds after `now()`, before it where they are negative."""

    type = UtcDateTime()
    inherit_cache = True
    name = "later"

    def __init__(self, seconds: float) -> None:
        """Take the seconds, which go by a parameter."""
        super().__init__(literal(seconds, Double()))


@compiles(later)
def _later(element: later, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return f"(now() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


@compiles(later, "sqlite")
def _later_of_sqlite(element: later, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    seconds = compiler.process(element.clauses, **options)
    return f"(strftime('%Y-%m-%d %H:%M:%f000', 'now', {seconds} || ' seconds'))"


@compiles(later, "mysql")
def _later_of_mysql(element: later, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return f"(utc_timestamp(6) + INTERVAL {compiler.process(element.clauses, **options)} SECOND)"
