-- Jobs as they go onto their queues. The arguments stay text, as PostgreSQL prints them: whatever a row holds, it can be sent.
SELECT
    id,
    queue,
    name,
    CAST(arguments || jsonb_strip_nulls(jsonb_build_object(
        'actor', NULLIF(actor, CAST(:nobody AS text)), 'request_id', request_id, 'reason', reason
    )) AS text) AS arguments,
    CAST(EXTRACT(EPOCH FROM GREATEST(run_at, 'epoch')) * 1000 AS bigint) AS run_at,
    CAST(EXTRACT(EPOCH FROM GREATEST(LEAST(enqueued_at, now()), 'epoch')) * 1000 AS bigint) AS enqueued_at
FROM job
WHERE id = ANY(CAST(:ids AS text[]))
ORDER BY job.run_at
