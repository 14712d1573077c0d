"""PostgreSQL: the engine, the one transaction scope, audited writes."""
