-- The audit rows of one ORM flush: the rows are read back from the table and compared with what they were.
-- `current.*` means the row, also where the table has a column `current`.
{audit_into}
        change.id::text,
        change.action,
        CASE change.action
            WHEN 'purge' THEN change.before::jsonb
            WHEN 'insert' THEN NULL
            ELSE (
                SELECT jsonb_object_agg(key, value)
                FROM jsonb_each(change.before::jsonb) WHERE value IS DISTINCT FROM to_jsonb(current.*) -> key
            )
        END,
        CASE change.action
            WHEN 'purge' THEN NULL
            WHEN 'insert' THEN to_jsonb(current.*)
            ELSE (
                SELECT jsonb_object_agg(key, value)
                FROM jsonb_each(to_jsonb(current.*)) WHERE value IS DISTINCT FROM change.before::jsonb -> key
            )
        END
    FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS change (id bigint, action text, before text)
    LEFT JOIN {table} AS current ON current.id = change.id
    WHERE change.action = 'purge' OR current.id IS NOT NULL
    ORDER BY change.id, change.action = 'insert'
