-- Take a schedule out of the table; the whole row stays in the audit log.
WITH written AS (
    DELETE FROM {table} AS target WHERE target.name = CAST(:name AS text)
    RETURNING target.name AS id, to_jsonb(target) AS before
),
audited AS (
    {audit_into}
        written.id,
        'purge',
        written.before,
        NULL::jsonb
    FROM written
    RETURNING 1
)
{counts}
