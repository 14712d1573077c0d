"""What the databases say in different words: JSON compared, and whole words found."""

from typing import Any

from sqlalchemy import Boolean, cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class JsonContains(FunctionElement[bool]):
    """A JSON column holds the JSON of a text, as PostgreSQL's `@>` has it."""

    name = "counterfoil_json_contains"
    type = Boolean()
    inherit_cache = True


class JsonEqual(FunctionElement[bool]):
    """A JSON column is equal to the JSON of a text."""

    name = "counterfoil_json_equal"
    type = Boolean()
    inherit_cache = True


class JsonOverlaps(FunctionElement[bool]):
    """A JSON column is a list that shares an item with the JSON list of a text; on MySQL alone."""

    name = "counterfoil_json_overlaps"
    type = Boolean()
    inherit_cache = True


class JsonHasKey(FunctionElement[bool]):
    """A JSON column is an object with this key."""

    name = "counterfoil_json_has_key"
    type = Boolean()
    inherit_cache = True


class HasWord(FunctionElement[bool]):
    """A text column matches the pattern of a word, whatever the case."""

    name = "counterfoil_has_word"
    type = Boolean()
    inherit_cache = True


@compiles(JsonContains, "sqlite")
@compiles(JsonEqual, "sqlite")
@compiles(JsonHasKey, "sqlite")
def _function_sqlite(element: FunctionElement[bool], compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    # The name is that of a function that `persistence.sqlite_functions` registers.
    return f"{element.name}({', '.join(_operands(element, compiler, **how))})"


def _operands(element: FunctionElement[bool], compiler: SQLCompiler, **how: Any) -> tuple[str, str]:  # noqa: ANN401
    column, value = element.clauses
    return compiler.process(column, **how), compiler.process(value, **how)


@compiles(JsonContains, "postgresql")
def _contains_postgresql(element: JsonContains, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, value = _jsonb(element, compiler, **how)
    return f"({column} @> {value})"


@compiles(JsonEqual, "postgresql")
def _equal_postgresql(element: JsonEqual, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, value = _jsonb(element, compiler, **how)
    return f"({column} = {value})"


def _jsonb(element: FunctionElement[bool], compiler: SQLCompiler, **how: Any) -> tuple[str, str]:  # noqa: ANN401
    column, value = element.clauses
    # Of a jsonb column the cast is none to PostgreSQL, so that its indexes serve; a json column cannot be compared.
    return compiler.process(cast(column, JSONB), **how), compiler.process(cast(value, JSONB), **how)


@compiles(JsonHasKey, "postgresql")
def _has_key_postgresql(element: JsonHasKey, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, key = element.clauses
    whole = compiler.process(cast(column, JSONB), **how)
    return f"({whole} ? {compiler.process(key, **how)} AND jsonb_typeof({whole}) = 'object')"


@compiles(HasWord, "postgresql")
def _has_word_postgresql(element: HasWord, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, pattern = _operands(element, compiler, **how)
    return f"({column} ~* {pattern})"


@compiles(HasWord, "sqlite")
def _has_word_sqlite(element: HasWord, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, pattern = _operands(element, compiler, **how)
    return f"({column} REGEXP ('(?i)' || {pattern}))"


@compiles(JsonContains, "mysql", "mariadb")
def _contains_mysql(element: JsonContains, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, value = _operands(element, compiler, **how)
    return f"JSON_CONTAINS({column}, {value})"


@compiles(JsonOverlaps, "mysql", "mariadb")
def _overlaps_mysql(element: JsonOverlaps, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, items = _operands(element, compiler, **how)
    # Of its own accord it takes a plain value for a list of one.
    return f"(JSON_TYPE({column}) = 'ARRAY' AND JSON_OVERLAPS({column}, {items}))"


@compiles(JsonEqual, "mysql", "mariadb")
def _equal_mysql(element: JsonEqual, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, value = _operands(element, compiler, **how)
    if _is_mariadb(compiler):  # its JSON is text, in which spaces and the order of keys would count
        return f"JSON_EQUALS({column}, {value})"
    return f"({column} = CAST({value} AS JSON))"


@compiles(JsonHasKey, "mysql", "mariadb")
def _has_key_mysql(element: JsonHasKey, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, key = _operands(element, compiler, **how)
    return f"JSON_CONTAINS(JSON_KEYS({column}), JSON_QUOTE({key}))"


@compiles(HasWord, "mysql", "mariadb")
def _has_word_mysql(element: HasWord, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    column, pattern = _operands(element, compiler, **how)
    if _is_mariadb(compiler):  # without UCP its letters are those of ASCII
        return f"({column} REGEXP CONCAT('(*UCP)(?i)', {pattern}))"
    return f"REGEXP_LIKE({column}, {pattern}, 'i')"


def _is_mariadb(compiler: SQLCompiler) -> bool:
    return bool(getattr(compiler.dialect, "is_mariadb", False))
