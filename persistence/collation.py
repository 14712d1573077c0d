"""How text is compared: by its characters alone, on every database."""

from persistence.dialects import Dialect


def case_told_apart(dialect_name: str) -> tuple[str, ...]:
    """Return the statements after which new tables tell case, accents and trailing spaces apart, as PostgreSQL does.

    MySQL's own collation would take the keys `Ann` and `ann` for one. MariaDB and MySQL have two names for that which
    does not, each in comments that the other does not read.
    """
    if Dialect(dialect_name) is not Dialect.MYSQL:
        return ()
    return ("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */",)
