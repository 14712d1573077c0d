-- Change rows, each by its own change set, and write the difference of the known columns to the audit log.
-- The rows are locked already. A change set that changes nothing writes nothing. `current.*` means the row, also where
-- the table has a column of that name, which `current` alone would mean.
WITH planned AS (
    SELECT COALESCE(current.*) AS old_row, jsonb_populate_record(current.*, change.changes) AS new_row
    FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS change (id bigint, changes jsonb)
    JOIN {table} AS current ON current.id = change.id
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
)
{counts}
