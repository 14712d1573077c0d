-- Set or clear deleted_at of locked rows, with the audit rows of it.
WITH planned AS (
    SELECT id, deleted_at, version, updated_at
    FROM {table}
    WHERE id = ANY (CAST(:row_ids AS bigint [])) AND (deleted_at IS NULL) = (CAST(:action AS text) = 'soft_delete')
),
written AS (
    UPDATE {table} AS target
    SET
        deleted_at = CASE CAST(:action AS text) WHEN 'soft_delete' THEN now() END,
        version = target.version + 1,
        updated_at = now()
    FROM planned
    WHERE target.id = planned.id
    RETURNING
        target.id,
        jsonb_build_object(
            'deleted_at', planned.deleted_at, 'version', planned.version, 'updated_at', planned.updated_at
        ) AS before,
        jsonb_build_object(
            'deleted_at', target.deleted_at, 'version', target.version, 'updated_at', target.updated_at
        ) AS after
),
audited AS (
    {audit_into}
        written.id::text,
        CAST(:action AS text),
        written.before,
        written.after
    FROM written
    ORDER BY written.id
    RETURNING 1
)
{counts}
