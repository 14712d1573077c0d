"""SQL sentences of PostgreSQL's own, kept in `.sql` files beside the modules that use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import asyncpg

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_PREPARER = _DIALECT.identifier_preparer


@cache
def _source(name: str) -> str:
    return files("persistence").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def quoted(name: str) -> str:
    """Return an identifier as SQL writes it."""
    return str(_PREPARER.quote(name))


def name_of(table: Table) -> str:
    """Return a table's name as SQL writes it."""
    return str(_PREPARER.format_table(table))


def listed(columns: Sequence[str], form: str = "{}") -> str:
    """Return quoted column names joined by commas, each in a form such as `(new_row).{}`."""
    return ", ".join(form.format(quoted(column)) for column in columns)


def compared(table: Table, column: str, value: str) -> str:
    """Return a value of a column as SQL can compare it: `json` knows no equality, `jsonb` does."""
    is_json = table.c[column].type.compile(_DIALECT) == "JSON"
    return f"CAST({value} AS jsonb)" if is_json else value


@cache
def sentence(source: str) -> TextClause:
    """Return the sentence of `source.sql` that has no placeholders."""
    return text(_source(source))


@lru_cache(maxsize=1024)
def statement(source: str, *, table: Table, **parts: str) -> TextClause:
    """Return the sentence of `source.sql` for a table.

    `parts` fill its `{placeholders}`; they are built from the names of a model's columns, never from input, which goes
    by parameters. `{audit_into}` opens every audit statement and takes the columns from entity_id on; `{counts}` ends
    a set-based write.
    """
    shared = {"audit_into": _source("audit_into").strip(), "counts": _source("counts").strip()}
    return text(_source(source).format(table=name_of(table), **shared, **parts))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A sentence as the driver takes it: `$1` for a parameter, and the parameters' names in that order."""

    text: str
    names: tuple[str, ...]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the parameters in the driver's order."""
        return [parameters[name] for name in self.names]


@lru_cache(maxsize=1024)
def prepared(source: str, *, table: Table, **parts: str) -> Prepared:
    """Return the sentence that `statement` returns, compiled once, for the driver."""
    compiled = statement(source, table=table, **parts).compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
    return Prepared(str(compiled), tuple(compiled.positiontup or ()))
