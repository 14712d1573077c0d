-- Delete for good the oldest of the soft-deleted rows that are due and to which no other row refers; the whole row stays in the audit log.
-- `target.*` means the row, also where the table has a column `target`.
WITH due AS (
    SELECT candidate.id
    FROM {table} AS candidate
    WHERE {due}
    {unreferenced}
    ORDER BY candidate.deleted_at, candidate.id
    LIMIT CAST(:purge_limit AS bigint)
    FOR UPDATE OF candidate SKIP LOCKED
),
written AS (
    DELETE FROM {table} AS target USING due
    WHERE target.id = due.id
    RETURNING target.id, to_jsonb(target.*) AS before
),
audited AS (
    {audit_into}
        written.id::text,
        'purge',
        written.before,
        NULL::jsonb
    FROM written
    ORDER BY written.id
    RETURNING 1
)
{counts}
