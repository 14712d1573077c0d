-- Dead jobs, locked already, go for good; the whole row stays in the audit log. Their ids are remembered until they are
-- pruned: a delivery that was under way all the time would find no row, and take effect as a new job. What a bulk job
-- keeps beside its row goes with its arguments.
WITH written AS (
    UPDATE {table} AS target
    SET state = 'dropped', arguments = '{{}}', errors = '[]', result = NULL, finished_at = now()
    FROM {table} AS old
    WHERE target.id = old.id AND target.id = ANY (CAST(:ids AS text [])) AND target.state = 'dead'
    RETURNING target.id, to_jsonb(old) AS before
),
no_rejects AS (
    DELETE FROM job_reject USING written WHERE job_reject.job_id = written.id
),
no_report AS (
    DELETE FROM job_report USING written WHERE job_report.job_id = written.id
),
no_upload AS (
    DELETE FROM job_upload USING written WHERE job_upload.job_id = written.id
),
audited AS (
    {audit_into}
        written.id,
        'purge',
        written.before,
        NULL::jsonb
    FROM written
    ORDER BY written.id
    RETURNING 1
)
{counts}
