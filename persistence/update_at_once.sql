-- Change rows, write the difference to the audit log, and take and end the job, in one statement.
-- The rows are locked first; the job's row comes last, because it records what was written.
-- The statement is a transaction of its own, so it undoes itself: not_at_once() raises where a row is missing, the audit
-- rows are too few, or the job was not to be had: ended by another delivery, not due, another job's, asked by another.
-- `current.*` means the row, also where the table has a column of that name, which `current` alone would mean.
WITH planned AS (
    SELECT COALESCE(current.*) AS old_row, jsonb_populate_record(current.*, CAST(:changes AS jsonb)) AS new_row
    FROM {table} AS current
    WHERE current.{selector} = {selected} AND current.deleted_at IS NULL
    ORDER BY current.id
    FOR UPDATE
),
written AS (
    UPDATE {table} AS target
    SET {assignments}, version = target.version + 1, updated_at = now()
    FROM planned
    WHERE target.id = (planned.old_row).id AND ROW({new_columns}) IS DISTINCT FROM ROW({old_columns})
    RETURNING target.id, COALESCE(target.*) AS new_row, planned.old_row
),
audited AS (
    {audit_into}
        written.id::text,
        'update',
        jsonb_build_object('version', (old_row).version, 'updated_at', (old_row).updated_at) || {old_images},
        jsonb_build_object('version', (new_row).version, 'updated_at', (new_row).updated_at) || {new_images}
    FROM written
    ORDER BY written.id
    RETURNING 1
),
counted AS (
    {counts}
),
ended AS (
    INSERT INTO job (
        id, name, queue, arguments, actor, request_id, reason, dispatched_at, max_attempts,
        state, attempt, finished_at, result
    )
    SELECT
        CAST(:job_id AS text), CAST(:job AS text), CAST(:queue AS text), CAST(:arguments AS jsonb),
        CAST(:actor AS text), CAST(:request_id AS text), CAST(:reason AS text), now(), CAST(:max_attempts AS integer),
        'succeeded', 1, now(),
        CAST(:result AS jsonb) || jsonb_build_object(
            'updated', written,
            'skipped', (SELECT count(*) FROM planned) - written,
            'ids', CASE
                WHEN written = 0 THEN jsonb_build_object()
                ELSE jsonb_build_object('updated', jsonb_build_object(CAST(:entity AS text), ids))
            END,
            'ids_complete', written = cardinality(ids)
        )
    FROM counted
    ON CONFLICT (id) DO UPDATE SET
        state = 'succeeded',
        result = excluded.result,
        attempt = job.attempt + 1,
        finished_at = now(),
        dispatched_at = COALESCE(job.dispatched_at, now())
    WHERE job.state = 'queued'
        AND ROW(job.name, job.arguments) = ROW(excluded.name, excluded.arguments)
        AND ROW(job.actor, job.request_id, job.reason)
            IS NOT DISTINCT FROM ROW(excluded.actor, excluded.request_id, excluded.reason)
        AND job.run_at <= now() + make_interval(secs => :early_seconds)
    RETURNING CAST(result AS text) AS result
)
SELECT
    CASE
        WHEN counted.written = counted.audited
            AND (SELECT count(DISTINCT (old_row).{selector}) FROM planned) = CAST(:wanted AS bigint)
            AND ended.result IS NOT NULL
        THEN ended.result
        ELSE not_at_once()
    END AS result
FROM counted
LEFT JOIN ended ON TRUE
