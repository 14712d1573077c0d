-- The outcome of a job, in the transaction of its data. No row back: the transaction never held the job.
UPDATE job
SET
    state = 'succeeded',
    result = CAST(:result AS jsonb),
    attempt = attempt + 1,
    finished_at = clock_timestamp()
WHERE id = CAST(:id AS text) AND state = 'queued'
RETURNING id
