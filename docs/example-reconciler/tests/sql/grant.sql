-- Writes grants as rows, as engine 0.12 and later do besides the field.
--
-- $1 smallint partition_key, $2 uuid[] execution_id, $3 bigint expires_at_ms, $4 text kind
INSERT INTO ff_claim_grant (
       partition_key, grant_id, execution_id, kind, worker_id, worker_instance_id, grant_ttl_ms, issued_at_ms, expires_at_ms)
SELECT $1, uuid_send(gen_random_uuid()), execution_id, $4, 'worker', 'worker-1', 30000, $3::bigint - 30000, $3
  FROM unnest($2::uuid[]) AS e (execution_id)
