-- The outcome of a job, in the transaction of its data.
UPDATE job
SET
    state = 'succeeded',
    result = CAST(:result AS jsonb),
    attempt = attempt + 1,
    finished_at = now()
WHERE id = CAST(:id AS text) AND state = 'queued'
