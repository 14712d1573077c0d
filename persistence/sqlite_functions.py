"""Functions that SQLite lacks, given to each connection in Python."""

from typing import Any


def add_functions(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
    """Give a new connection `lower` and `upper` of all letters, where SQLite's own know ASCII alone."""
    connection.create_function("lower", 1, _lower)
    connection.create_function("upper", 1, _upper)


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _upper(text: object) -> object:
    return text.upper() if isinstance(text, str) else text
