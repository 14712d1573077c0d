-- Rows as the audit log keeps them.
SELECT current.id, to_jsonb(current) AS image
FROM {table} AS current
WHERE current.id = ANY (CAST(:row_ids AS bigint []))
