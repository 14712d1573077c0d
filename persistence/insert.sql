-- Insert rows and their audit rows; a row whose natural key a live row has is left out where the job asks for that.
-- `written.*` means the row, also where the table has a column `written`. The row's type comes from the table: by its
-- name alone (`NULL::point`) it would be PostgreSQL's own where an entity is called as one of its types.
WITH written AS (
    INSERT INTO {table} ({columns})
    SELECT {columns}
    FROM jsonb_populate_recordset(
        (SELECT COALESCE(known.*) FROM {table} AS known WHERE false), CAST(:rows AS jsonb)
    ) WITH ORDINALITY AS input
    ORDER BY input.ordinality
    {on_conflict}
    RETURNING *
),
audited AS (
    {audit_into}
        written.id::text,
        'insert',
        NULL::jsonb,
        to_jsonb(written.*)
    FROM written
    ORDER BY written.id
    RETURNING 1
)
{counts},
    ARRAY({written_keys}) AS keys
