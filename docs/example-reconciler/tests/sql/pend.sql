-- Leaves executions as the scheduler leaves those that it has granted, with the grant in the field.
--
-- $1 smallint partition_key, $2 uuid[] execution_id, $3 bigint expires_at_ms (NULL: no grant)
UPDATE ff_exec_core
   SET eligibility_state = 'pending_claim',
       raw_fields = raw_fields || CASE WHEN $3::bigint IS NULL THEN '{}'
           ELSE jsonb_build_object('claim_grant', jsonb_build_object('worker_id', 'worker', 'expires_at_ms', $3)) END
 WHERE partition_key = $1 AND execution_id = ANY ($2::uuid[])
