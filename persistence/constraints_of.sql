-- What a table asks of its rows: kind, name, columns, the rule in SQL where there is one, and what a foreign key means;
-- and the triggers that may make other rows of them before.
SELECT
    CASE rule.contype WHEN 'c' THEN 'check' ELSE 'foreign key' END AS kind, rule.conname::text AS name, ours.columns,
    pg_get_expr(rule.conbin, rule.conrelid) AS rule, rule.confrelid::regclass::text AS target,
    theirs.columns AS target_columns
FROM pg_constraint AS rule
CROSS JOIN LATERAL (
    SELECT array_agg(attname::text ORDER BY place) AS columns
    FROM unnest(rule.conkey) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = rule.conrelid AND attnum = key.number
) AS ours
CROSS JOIN LATERAL (
    SELECT array_agg(attname::text ORDER BY place) AS columns
    FROM unnest(rule.confkey) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = rule.confrelid AND attnum = key.number
) AS theirs
WHERE rule.conrelid = CAST(:table AS regclass) AND rule.contype IN ('c', 'f')
UNION ALL
SELECT 'unique', unique_index.indexrelid::regclass::text, named.columns,
    pg_get_expr(unique_index.indpred, unique_index.indrelid), NULL, NULL
FROM pg_index AS unique_index
CROSS JOIN LATERAL (
    SELECT array_agg(attname::text ORDER BY place) AS columns
    FROM unnest(unique_index.indkey::smallint []) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = unique_index.indrelid AND attnum = key.number
    WHERE key.place <= unique_index.indnkeyatts
) AS named
WHERE unique_index.indrelid = CAST(:table AS regclass) AND unique_index.indisunique AND unique_index.indexprs IS NULL
UNION ALL
SELECT 'not-null', attname::text, ARRAY[attname::text], NULL, NULL, NULL
FROM pg_attribute
WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND attnotnull AND NOT attisdropped
UNION ALL
SELECT 'before', tgname::text, NULL, NULL, NULL, NULL
FROM pg_trigger
WHERE tgrelid = CAST(:table AS regclass) AND tgtype & 7 = 7 -- for each row, before, insert
    AND NOT tgisinternal AND tgenabled <> 'D'
