-- Writes a lease event that passes every filter of a test, and by which its subscriber knows that there is no more to
-- come.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
-- $3 text      namespace
-- $4 text      instance_tag, as the bare value
INSERT INTO ff_lease_event (partition_key, execution_id, event_type, namespace, instance_tag, occurred_at_ms)
VALUES ($1, $2::text, 'revoked', $3, $4, 0)
