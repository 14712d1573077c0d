-- A file of changes, each for a task of its own, without audit.
BEGIN;
CREATE TEMP TABLE change (key text, title text, status text) ON COMMIT DROP;
\copy change FROM pstdin WITH (FORMAT csv, HEADER)
ANALYZE change;
UPDATE task SET title = change.title, status = change.status, version = version + 1, updated_at = now()
FROM change
WHERE task.key = change.key AND task.deleted_at IS NULL;
COMMIT;
