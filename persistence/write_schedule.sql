-- Put a schedule into the table, or change one there, with its audit row.
WITH old AS (
    SELECT to_jsonb(current) AS image FROM {table} AS current WHERE current.name = CAST(:name AS text)
),
written AS (
    INSERT INTO {table} AS target (name, cron, zone, job, arguments, catch_up, jitter, paused)
    VALUES (
        CAST(:name AS text), CAST(:cron AS text), CAST(:zone AS text), CAST(:job AS text),
        CAST(:arguments AS jsonb), CAST(:catch_up AS text), CAST(:jitter AS double precision), CAST(:paused AS boolean)
    )
    ON CONFLICT (name) DO UPDATE SET paused = excluded.paused
    RETURNING target.name AS id, to_jsonb(target) AS image
),
audited AS (
    {audit_into}
        written.id,
        CASE WHEN old.image IS NULL THEN 'insert' ELSE 'update' END,
        CASE WHEN old.image IS NOT NULL THEN jsonb_build_object('paused', old.image -> 'paused') END,
        CASE WHEN old.image IS NULL THEN written.image ELSE jsonb_build_object('paused', written.image -> 'paused') END
    FROM written
    LEFT JOIN old ON true
    RETURNING 1
)
{counts}
