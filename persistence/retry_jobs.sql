-- Dead jobs, locked already, become queued again: their history stays, their attempts begin anew.
WITH written AS (
    UPDATE {table} AS target
    SET state = 'queued', attempt = 0, run_at = now(), dispatched_at = NULL, finished_at = NULL
    FROM {table} AS old
    WHERE target.id = old.id AND target.id = ANY (CAST(:ids AS text [])) AND target.state = 'dead'
    RETURNING
        target.id,
        jsonb_build_object(
            'state', old.state, 'attempt', old.attempt, 'run_at', old.run_at,
            'dispatched_at', old.dispatched_at, 'finished_at', old.finished_at
        ) AS before,
        jsonb_build_object(
            'state', target.state, 'attempt', target.attempt, 'run_at', target.run_at,
            'dispatched_at', target.dispatched_at, 'finished_at', target.finished_at
        ) AS after
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
