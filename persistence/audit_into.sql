INSERT INTO audit_log (job_id, actor, request_id, reason, entity, entity_id, action, before, after)
    SELECT
        CAST(:job_id AS text),
        CAST(:actor AS text),
        CAST(:request_id AS text),
        CAST(:reason AS text),
        CAST(:entity AS text),
