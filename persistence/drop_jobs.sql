-- Dead jobs, locked already, go for good; the whole row stays in the audit log.
WITH written AS (
    DELETE FROM {table} AS target
    WHERE target.id = ANY (CAST(:ids AS text [])) AND target.state = 'dead'
    RETURNING target.id, to_jsonb(target) AS before
),
audited AS (
    {audit_into}
        written.id,
        'purge',
        written.before,
        NULL::jsonb
    FROM written
    ORDER BY written.id
    RETURNING 1
)
{counts}
