-- Writes an attempt of a seeded execution.
--
-- $1 smallint partition_key, $2 uuid execution_id, $3 integer attempt_index, $4 bigint lease_expires_at_ms,
-- $5 bigint started_at_ms, $6 text outcome
INSERT INTO ff_attempt (
       partition_key, execution_id, attempt_index, worker_id, worker_instance_id, lease_epoch,
       lease_expires_at_ms, started_at_ms, outcome)
SELECT $1, $2, $3,
       CASE WHEN $4::bigint IS NOT NULL THEN 'worker' END,
       CASE WHEN $4::bigint IS NOT NULL THEN 'worker-1' END,
       1, $4, $5, $6
