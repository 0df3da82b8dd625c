-- Writes the core row of a seeded execution.
--
-- $1 smallint partition_key, $2 uuid execution_id, $3 uuid flow_id, $4 integer attempt_index,
-- $5 text[] the vector, $6 jsonb policy, $7 jsonb raw_fields, $8 text namespace, $9 text instance id,
-- $10 bigint the time, milliseconds since the epoch
INSERT INTO ff_exec_core (
       partition_key, execution_id, flow_id, lane_id, attempt_index,
       lifecycle_phase, ownership_state, eligibility_state, public_state, attempt_state,
       created_at_ms, policy, raw_fields)
SELECT $1, $2, $3, 'default', $4,
       ($5::text[])[1], ($5::text[])[2], ($5::text[])[3], ($5::text[])[4], ($5::text[])[5],
       $10::bigint - 120000, $6,
       jsonb_build_object('namespace', $8::text, 'tags', jsonb_build_object('cairn.instance_id', $9::text)) || $7::jsonb
