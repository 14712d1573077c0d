-- Change one row and write its audit row, in one statement, as Counterfoil does; without the job's own row.
WITH planned AS (
    SELECT id, title, version, updated_at FROM task WHERE id = CAST(:row_id AS bigint) FOR UPDATE
),
written AS (
    UPDATE task AS target
    SET title = CAST(:title AS text), version = target.version + 1, updated_at = now()
    FROM planned
    WHERE target.id = planned.id
    RETURNING target.id, planned.title AS old_title, planned.version AS old_version, planned.updated_at AS old_updated_at,
        target.title, target.version, target.updated_at
)
INSERT INTO audit_log (job_id, actor, entity, entity_id, action, before, after)
SELECT
    CAST(:job_id AS text), 'bench', 'task', id::text, 'update',
    jsonb_build_object('version', old_version, 'updated_at', old_updated_at, 'title', old_title),
    jsonb_build_object('version', version, 'updated_at', updated_at, 'title', title)
FROM written
