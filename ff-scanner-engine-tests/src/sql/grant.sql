-- Grants an execution to the worker of the tests, as `claim_execution` wants it. No call of the engine writes one that
-- it accepts: the scheduler's leave the execution in a state that it refuses.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
-- $3 bigint    when it ends, milliseconds since the epoch
INSERT INTO ff_claim_grant (partition_key, grant_id, execution_id, kind, worker_id, worker_instance_id, lane_id,
                            worker_capabilities, grant_ttl_ms, issued_at_ms, expires_at_ms)
VALUES ($1, uuid_send(gen_random_uuid()), $2, 'claim', 'worker', 'worker-1', 'lane', '[]', 60000, $3 - 60000, $3)
