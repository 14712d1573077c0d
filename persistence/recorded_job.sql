-- What the job's row says, and its arguments where they are not those of this delivery.
SELECT
    name, state, attempt, max_attempts, errors, result,
    CASE WHEN arguments <> CAST(:arguments AS jsonb) THEN CAST(arguments AS text) END AS other_arguments
FROM job
WHERE id = CAST(:id AS text)
