-- Rejects of one job, many at a time.
INSERT INTO job_reject (job_id, line, number, field, message, raw, header)
SELECT
    CAST(:job_id AS text),
    given.line,
    given.number,
    given.field,
    given.message,
    given.raw,
    given.header
FROM
    unnest(
        CAST(:lines AS bigint []), CAST(:numbers AS integer []), CAST(:fields AS text []),
        CAST(:messages AS text []), CAST(:raws AS text []), CAST(:headers AS text [])
    ) AS given (line, number, field, message, raw, header)
