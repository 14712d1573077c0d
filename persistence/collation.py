"""How text is compared: by its characters alone, on every database."""

from persistence.dialects import Dialect

MYSQL_COLLATION = "/*!80017 utf8mb4_0900_bin *//*M!100202 utf8mb4_nopad_bin */"
"""What MySQL and MariaDB, each reading its own, call the order by code points in which blanks at the end count.

In `utf8mb4_bin` the keys `a` and `a ` are equal.
"""


def case_told_apart(dialect_name: str) -> tuple[str, ...]:
    """Return the statements after which new tables tell case and accents apart, as PostgreSQL's and SQLite's do.

    MySQL's own collation would take the keys `Ann` and `ann` for one.
    """
    if Dialect(dialect_name) is not Dialect.MYSQL:
        return ()
    return (f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {MYSQL_COLLATION}",)
