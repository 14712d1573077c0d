"""Types of columns that each database spells in its own way: what PostgreSQL has, and what stands for it elsewhere."""

from typing import Any

from sqlalchemy import JSON, BigInteger, LargeBinary, Text
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

KEY_LENGTH = 255
"""Characters of a key or an indexed text on MySQL, whose indexes need a bound; a job's id has at most 200."""


def row_id() -> TypeEngine[int]:
    """Return the type of an id that the database counts up: SQLite counts INTEGER alone."""
    return BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def key_text() -> TypeEngine[str]:
    """Return the type of a text that is a key, or is indexed."""
    return Text().with_variant(mysql.VARCHAR(KEY_LENGTH), "mysql")


def long_text() -> TypeEngine[str]:
    """Return the type of a text of any length; MySQL's own TEXT ends at 64 KB."""
    return Text().with_variant(mysql.LONGTEXT(), "mysql")


def long_string() -> TypeEngine[str]:
    """Return the type of a field `str` without a length, which MySQL would take for 255 characters."""
    return AutoString().with_variant(mysql.LONGTEXT(), "mysql")


def long_bytes() -> TypeEngine[bytes]:
    """Return the type of bytes of any length; MySQL's own BLOB ends at 64 KB."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")


def json_value(*, none_as_null: bool = False) -> TypeEngine[Any]:
    """Return the type of JSON: `jsonb` on PostgreSQL; with `none_as_null`, None is SQL's NULL, not JSON's null."""
    return JSON(none_as_null=none_as_null).with_variant(JSONB(none_as_null=none_as_null), "postgresql")
