-- Queued jobs, locked already, end before they have started.
WITH written AS (
    UPDATE {table} AS target
    SET state = 'cancelled', finished_at = now()
    FROM {table} AS old
    WHERE target.id = old.id AND target.id = ANY (CAST(:ids AS text [])) AND target.state = 'queued'
    RETURNING
        target.id,
        jsonb_build_object('state', old.state, 'finished_at', old.finished_at) AS before,
        jsonb_build_object('state', target.state, 'finished_at', target.finished_at) AS after
),
audited AS (
    {audit_into}
        written.id,
        'update',
        written.before,
        written.after
    FROM written
    ORDER BY written.id
    RETURNING 1
)
{counts}
