-- Change a set of locked rows, each from what `planned` says it was to what it shall be, and write the difference of the
-- known columns to the audit log: what was written, also where a trigger made something else of it. A row that would
-- stay as it is writes nothing. Columns go by number, so that none can have the name of another part.
WITH written AS (
    UPDATE {table} AS target
    SET {assignments}, version = target.version + 1, updated_at = now()
    FROM ({planned}) AS planned
    WHERE target.id = planned.id AND ROW({new_columns}) IS DISTINCT FROM ROW({old_columns})
    RETURNING
        target.id,
        planned.version AS old_version,
        planned.updated_at AS old_updated_at,
        target.version AS new_version,
        target.updated_at AS new_updated_at,
        {both_columns}
),
audited AS (
    {audit_into}
        changed.id::text,
        CAST(:action AS text),
        {old_image},
        {new_image}
    FROM (SELECT * FROM written ORDER BY id) AS changed -- before the images are made: rows without them sort in memory
    RETURNING 1
)
{counts}{further}
