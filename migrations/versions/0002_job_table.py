"""The job table, and the door into it from any language: enqueue_job."""

import sqlalchemy as sa
from alembic import op

from domain.column_types import json_value, key_text, long_text
from domain.moments import UtcDateTime, now

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The names that the door accepts; workers add their own when they start.
SHIPPED = ("bulk_insert", "update", "soft_delete", "restore", "purge", "prune")

# 16,000,000 bytes: what fits, with its envelope, into COUNTERFOIL_MAX_BYTES by default.
ENQUEUE_JOB = """
CREATE FUNCTION enqueue_job(
    name text,
    arguments jsonb,
    actor text,
    job_id text DEFAULT NULL,
    queue text DEFAULT 'arq:queue',
    run_at timestamptz DEFAULT NULL,
    request_id text DEFAULT NULL,
    reason text DEFAULT NULL,
    max_attempts integer DEFAULT NULL
) RETURNS TABLE (id text, is_new boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    kind job_kind;
    size integer := octet_length(enqueue_job.arguments::text);
    present job;
BEGIN
    SELECT * INTO kind FROM job_kind WHERE job_kind.name = enqueue_job.name;
    IF kind IS NULL THEN
        RAISE EXCEPTION 'unknown job %', quote_nullable(enqueue_job.name) USING
            ERRCODE = 'undefined_object',
            HINT = 'Known: ' || (SELECT string_agg(job_kind.name, ', ' ORDER BY job_kind.name) FROM job_kind);
    END IF;
    IF COALESCE(enqueue_job.actor, '') = '' THEN
        RAISE EXCEPTION 'a job needs an actor: every write says who asked for it' USING
            ERRCODE = 'null_value_not_allowed', HINT = 'actor => ''billing''';
    END IF;
    IF jsonb_typeof(enqueue_job.arguments) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'the arguments of a job are a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF enqueue_job.arguments ?| ARRAY['actor', 'request_id', 'reason'] THEN
        RAISE EXCEPTION 'the arguments hold actor, request_id or reason, which say who asks' USING
            ERRCODE = 'invalid_parameter_value', HINT = 'Give them as parameters of enqueue_job.';
    END IF;
    IF length(enqueue_job.actor) > 200 OR length(enqueue_job.job_id) > 200 OR length(enqueue_job.request_id) > 200
        OR length(enqueue_job.reason) > 2000 THEN
        RAISE EXCEPTION 'actor, job_id and request_id have at most 200 characters, reason has at most 2000' USING
            ERRCODE = 'string_data_right_truncation';
    END IF;
    IF enqueue_job.run_at NOT BETWEEN '1970-01-01 00:00Z' AND '9999-01-01 00:00Z' THEN
        RAISE EXCEPTION 'run_at % is no time of a job: 1970 to 9999', enqueue_job.run_at USING
            ERRCODE = 'invalid_parameter_value', HINT = 'Leave out what is to have its default.';
    END IF;
    IF enqueue_job.queue !~ '^[[:alnum:]_.:-]{1,100}$' OR enqueue_job.queue LIKE 'counterfoil:%'
        OR enqueue_job.queue LIKE '%\\:health-check' OR enqueue_job.queue ~ '^arq:(?!queue)' THEN
        RAISE EXCEPTION 'queue % is no name of a queue: letters, digits and _.:- alone, and no key of arq''s or ours',
            quote_literal(enqueue_job.queue) USING
            ERRCODE = 'invalid_parameter_value', HINT = 'Such as arq:queue, or bulk.';
    END IF;
    IF enqueue_job.job_id = '' OR enqueue_job.max_attempts < 1 THEN
        RAISE EXCEPTION 'job_id % and queue % must not be empty, max_attempts % must be at least 1',
            quote_nullable(enqueue_job.job_id), quote_nullable(enqueue_job.queue), enqueue_job.max_attempts
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave out what is to have its default.';
    END IF;
    IF size > 16000000 THEN
        RAISE EXCEPTION 'the arguments have % bytes, at most 16000000', size USING
            ERRCODE = 'program_limit_exceeded', HINT = 'Send several jobs.';
    END IF;
    RETURN QUERY
        INSERT INTO job AS new (id, name, queue, arguments, actor, request_id, reason, run_at, max_attempts)
        VALUES (
            COALESCE(enqueue_job.job_id, replace(gen_random_uuid()::text, '-', '')),
            enqueue_job.name, COALESCE(enqueue_job.queue, 'arq:queue'), enqueue_job.arguments, enqueue_job.actor, enqueue_job.request_id,
            enqueue_job.reason, COALESCE(enqueue_job.run_at, now()),
            COALESCE(enqueue_job.max_attempts, kind.max_attempts)
        )
        ON CONFLICT (id) DO NOTHING
        RETURNING new.id, true;
    IF FOUND THEN
        PERFORM pg_notify('counterfoil_job', '');
        RETURN;
    END IF;
    SELECT * INTO present FROM job WHERE job.id = enqueue_job.job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % was removed at this moment', quote_literal(enqueue_job.job_id) USING
            ERRCODE = 'serialization_failure', HINT = 'Try again.';
    END IF;
    IF present.state = 'dropped' THEN
        RAISE EXCEPTION 'job % was there, and was dropped by an operator', quote_literal(enqueue_job.job_id)
            USING ERRCODE = 'unique_violation', HINT = 'One id is one job: take another id.';
    END IF;
    IF present.name <> enqueue_job.name OR present.arguments <> enqueue_job.arguments THEN
        RAISE EXCEPTION 'job % is there already with another name or other arguments', quote_literal(enqueue_job.job_id)
            USING ERRCODE = 'unique_violation', HINT = 'One id is one job: take another id.';
    END IF;
    RETURN QUERY SELECT present.id, false;
END
$$
"""


# What undoes a statement that is a transaction of its own; class CF is no SQLSTATE of PostgreSQL's.
NOT_AT_ONCE = """
CREATE FUNCTION not_at_once() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing was written: the job goes on in several statements' USING ERRCODE = 'CF001';
END
$$
"""


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "job_kind",
        sa.Column("name", key_text(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_kind")),
    )
    op.create_table(
        "job",
        sa.Column("id", key_text(), nullable=False),
        sa.Column("name", key_text(), nullable=False),
        sa.Column("queue", key_text(), nullable=False),
        sa.Column("arguments", json_value(none_as_null=True), nullable=False),
        sa.Column("actor", long_text(), nullable=False),
        sa.Column("request_id", long_text(), nullable=True),
        sa.Column("reason", long_text(), nullable=True),
        sa.Column("state", key_text(), server_default="queued", nullable=False),
        sa.Column("run_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("dispatched_at", UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("errors", json_value(none_as_null=True), server_default=sa.text("('[]')"), nullable=False),
        sa.Column("result", json_value(none_as_null=True), nullable=True),
        sa.Column("enqueued_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'succeeded', 'dead', 'cancelled', 'dropped')", name=op.f("ck_job_state")
        ),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_job_actor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    due, dispatched = "state = 'queued' AND dispatched_at IS NULL", "state = 'queued' AND dispatched_at IS NOT NULL"
    index("ix_job_due", "run_at", where=due)
    index("ix_job_dispatched", "dispatched_at", where=dispatched)
    index("ix_job_finished", "state", "finished_at", where="state <> 'queued'")
    op.create_table(
        "schedule",
        sa.Column("name", key_text(), nullable=False),
        sa.Column("cron", long_text(), nullable=False),
        sa.Column("zone", long_text(), nullable=False),
        sa.Column("job", long_text(), nullable=False),
        sa.Column("arguments", json_value(none_as_null=True), nullable=False),
        sa.Column("catch_up", long_text(), nullable=False),
        sa.Column("jitter", sa.Float(), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule")),
    )
    op.create_table(
        "schedule_tick",
        sa.Column("name", key_text(), nullable=False),
        sa.Column("ticked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule_tick")),
    )
    for name in SHIPPED:
        op.execute(f"INSERT INTO job_kind (name) VALUES ('{name}')")  # noqa: S608 - names of this file
    if op.get_context().dialect.name == "postgresql":
        make_functions()


def index(name: str, *columns: str, where: str) -> None:
    """Make a partial index of the job table; a plain one on MySQL, which has no others."""
    op.create_index(name, "job", list(columns), postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def make_functions() -> None:
    """Make the door from other languages, and what undoes a statement: PostgreSQL's alone."""
    op.execute(ENQUEUE_JOB)
    op.execute(NOT_AT_ONCE)
    # A caller's own search_path must lead to no other table named job.
    op.execute(
        "DO $$ BEGIN EXECUTE format('ALTER FUNCTION enqueue_job SET search_path = %I, pg_temp', current_schema()); END $$"
    )


def downgrade() -> None:
    """Take the change back."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION not_at_once")
        op.execute("DROP FUNCTION enqueue_job")
    op.drop_table("schedule_tick")
    op.drop_table("schedule")
    op.drop_table("job")
    op.drop_table("job_kind")
