"""What makes the audit log append-only, on each database: a trigger that refuses all but new rows."""

from persistence.dialects import Dialect

_NAME = "audit_log_append_only"

_POSTGRESQL = (
    """
CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
""",
    f"""
CREATE TRIGGER {_NAME} BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()
""",
    f"ALTER TABLE audit_log ENABLE ALWAYS TRIGGER {_NAME}",
)
_REFUSAL = {
    Dialect.SQLITE: "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only: {verb} refused'); END",
    # TRUNCATE fires no trigger there: take the privilege DROP from the application's account.
    Dialect.MYSQL: "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only: {verb} refused'",
}


def append_only(dialect_name: str) -> tuple[str, ...]:
    """Return the statements that make a new audit log append-only."""
    dialect = Dialect(dialect_name)
    if dialect is Dialect.POSTGRESQL:
        return _POSTGRESQL
    refusal = _REFUSAL[dialect]
    return tuple(
        f"CREATE TRIGGER {_NAME}_{verb.lower()} BEFORE {verb} ON audit_log FOR EACH ROW {refusal.format(verb=verb)}"
        for verb in ("UPDATE", "DELETE")
    )


def no_longer_append_only(dialect_name: str) -> tuple[str, ...]:
    """Return the statements that take away what stays when the audit log is dropped."""
    return ("DROP FUNCTION audit_log_refuse()",) if Dialect(dialect_name) is Dialect.POSTGRESQL else ()
