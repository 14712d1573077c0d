-- A project and its tasks, marked as deleted, without audit.
BEGIN;
UPDATE project SET deleted_at = now(), version = version + 1, updated_at = now()
WHERE key = 'p1' AND deleted_at IS NULL;
UPDATE task SET deleted_at = now(), version = version + 1, updated_at = now()
WHERE project_id = 1 AND deleted_at IS NULL;
COMMIT;
