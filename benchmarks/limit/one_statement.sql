-- The same rows in one statement, which is a transaction of its own.
\set number random(1, 100000)
\set mark random(1, 1000000000000)
WITH taken AS (
    INSERT INTO job (id, name, queue, arguments, actor, dispatched_at, max_attempts, state, result, attempt, finished_at)
    VALUES (
        concat('limit-', CAST(:mark AS bigint)), 'update', 'bench', '{}', 'bench', now(), 5,
        'succeeded', '{"updated": 1}', 1, now()
    )
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),
planned AS (
    SELECT id, title, version, updated_at FROM task
    WHERE id = CAST(:number AS bigint) AND deleted_at IS NULL AND EXISTS (SELECT FROM taken)
    FOR UPDATE
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
