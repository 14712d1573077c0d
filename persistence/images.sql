-- Rows as the audit log keeps them; as text, because a float of Python's would round a long number.
-- `current.*` means the row, also where the table has a column `current`.
SELECT current.id, to_jsonb(current.*)::text AS image
FROM {table} AS current
WHERE current.id = ANY (CAST(:row_ids AS bigint []))
