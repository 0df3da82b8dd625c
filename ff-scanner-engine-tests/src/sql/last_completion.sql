-- Writes a completion event that passes every filter of a test, and by which its subscriber knows that there is no more
-- to come.
--
-- $1 smallint  partition_key
-- $2 uuid      execution_id
-- $3 text      namespace
-- $4 text      instance_tag, as `key=value`
INSERT INTO ff_completion_event (partition_key, execution_id, outcome, namespace, instance_tag, occurred_at_ms)
VALUES ($1, $2, 'last', $3, $4, 0)
