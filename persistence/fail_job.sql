-- Keep a failed attempt, and what becomes of the job; `delay` is seconds until the next attempt. The rejects of the attempt
-- before go: those that are there are always those of the last one.
WITH cleared AS (
    DELETE FROM job_reject WHERE job_id = CAST(:id AS text)
)
UPDATE job
SET
    attempt = attempt + 1,
    errors = errors || jsonb_build_array(
        jsonb_build_object('at', now(), 'attempt', attempt + 1) || CAST(:kept AS jsonb)
    ),
    state = CAST(:state AS text),
    run_at = now() + make_interval(secs => CAST(:delay AS double precision)),
    dispatched_at = now(),
    finished_at = CASE WHEN CAST(:state AS text) = 'queued' THEN NULL ELSE now() END
WHERE id = CAST(:id AS text)
