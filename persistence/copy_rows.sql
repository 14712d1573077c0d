-- The audit rows of rows that a COPY has just inserted under ids reserved for it; their values as the table has them.
-- `copied.*` means the row, also where the table has a column `copied`.
{audit_into}
    copied.id::text,
    'insert',
    NULL::jsonb,
    to_jsonb(copied.*)
FROM {table} AS copied
WHERE copied.id {among}
ORDER BY copied.id
