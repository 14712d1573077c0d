-- Take a job: insert its row, or lock it where it is still queued. No row back: another delivery has ended it.
-- Two live deliveries meet here: the second waits until the first has committed or rolled back.
INSERT INTO job (id, name, queue, arguments, actor, request_id, reason, dispatched_at, max_attempts)
VALUES (
    CAST(:id AS text), CAST(:name AS text), CAST(:queue AS text), CAST(:arguments AS jsonb), CAST(:actor AS text),
    CAST(:request_id AS text), CAST(:reason AS text), now(), CAST(:max_attempts AS integer)
)
ON CONFLICT (id) DO UPDATE SET dispatched_at = COALESCE(job.dispatched_at, now())
WHERE job.state = 'queued'
RETURNING
    name, actor, request_id, reason,
    CAST(EXTRACT(EPOCH FROM run_at - now()) AS double precision) AS early,
    CASE WHEN arguments <> CAST(:arguments AS jsonb) THEN CAST(arguments AS text) END AS other_arguments
