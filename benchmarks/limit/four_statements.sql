-- The same work with no Python in the way: take the job's row, lock the task, change and audit it, finish the job.
\set number random(1, 100000)
\set mark random(1, 1000000000000)
BEGIN;
INSERT INTO job (id, name, queue, arguments, actor, dispatched_at, max_attempts)
VALUES (concat('limit-', CAST(:mark AS bigint)), 'update', 'bench', '{}', 'bench', now(), 5)
ON CONFLICT (id) DO UPDATE SET dispatched_at = COALESCE(job.dispatched_at, now())
WHERE job.state = 'queued'
RETURNING name, actor, request_id, reason;
SELECT id, version FROM task WHERE id = CAST(:number AS bigint) AND deleted_at IS NULL FOR UPDATE;
WITH planned AS (
    SELECT id, title, version, updated_at FROM task WHERE id = CAST(:number AS bigint)
),
written AS (
    UPDATE task AS target
    SET title = concat('changed by ', CAST(:mark AS bigint)), version = target.version + 1, updated_at = now()
    FROM planned
    WHERE target.id = planned.id
    RETURNING target.id, planned.title AS old_title, planned.version AS old_version,
        planned.updated_at AS old_updated_at, target.title, target.version, target.updated_at
)
INSERT INTO audit_log (job_id, actor, entity, entity_id, action, before, after)
SELECT
    concat('limit-', CAST(:mark AS bigint)), 'bench', 'task', id::text, 'update',
    jsonb_build_object('version', old_version, 'updated_at', old_updated_at, 'title', old_title),
    jsonb_build_object('version', version, 'updated_at', updated_at, 'title', title)
FROM written;
UPDATE job SET state = 'succeeded', result = '{"updated": 1}', attempt = attempt + 1, finished_at = now()
WHERE id = concat('limit-', CAST(:mark AS bigint)) AND state = 'queued'
RETURNING id;
COMMIT;
