"""How text is compared: by its characters alone, on every database."""

from persistence.dialects import Dialect


def case_told_apart(dialect_name: str) -> tuple[str, ...]:
    """Return the statements after which new tables tell case and accents apart, as PostgreSQL's and SQLite's do.

    MySQL's own collation would take the keys `Ann` and `ann` for one.
    """
    if Dialect(dialect_name) is not Dialect.MYSQL:
        return ()
    return ("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",)
