-- One change for all tasks of a project, without audit.
BEGIN;
UPDATE task SET status = 'done', priority = 'low', version = version + 1, updated_at = now()
WHERE project_id = 1 AND deleted_at IS NULL;
COMMIT;
