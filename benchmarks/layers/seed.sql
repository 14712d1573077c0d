-- So many live tasks of 100 projects and 200 members; the first 2,000 of them have five subtasks each among the last.
INSERT INTO project (id, key, name) SELECT 1 + n, 'layers-' || n, 'Project ' || n FROM generate_series(1, 100) AS n;
INSERT INTO member (key, name, email) SELECT 'member-' || n, 'Member ' || n, 'm' || n || '@example.com'
FROM generate_series(1, 200) AS n;
TRUNCATE task;
INSERT INTO task (id, key, title, status, priority, project_id, assignee_id, created_at)
SELECT
    n, 'L-' || n, 'task ' || n, (ARRAY['pending', 'doing', 'done'])[1 + n % 3], 'medium',
    2 + n % 100, (SELECT min(id) FROM member) + n % 200,
    timestamptz '2026-01-01 00:00Z' + n * interval '1 second'
FROM generate_series(1, {rows}) AS n ORDER BY n;
UPDATE task SET parent_id = (id - {deep} - 1) / 5 + 1 WHERE id > {deep};
SELECT setval(pg_get_serial_sequence('task', 'id'), {rows});
CREATE INDEX ON task (created_at DESC, id DESC);
