SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM audited) AS audited,
    ARRAY(SELECT id FROM written ORDER BY id LIMIT CAST(:ids_kept AS bigint)) AS ids
