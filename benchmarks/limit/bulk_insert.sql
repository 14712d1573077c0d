-- A file of tasks by COPY, and an audit row for each, in one transaction: what a bulk insert cannot be quicker than.
BEGIN;
\copy task (key, title, description, status, priority, project_id) FROM pstdin WITH (FORMAT csv, HEADER)
INSERT INTO audit_log (job_id, actor, entity, entity_id, action, after)
SELECT 'limit', 'bench', 'task', t.id::text, 'insert', to_jsonb(t.*)
FROM task AS t;
COMMIT;
