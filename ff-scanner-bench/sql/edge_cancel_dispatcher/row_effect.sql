-- Cancels one sibling and takes it off its group's list, and the group off the queue when it was the last.
--
-- $1 smallint  partition_key
-- $2 text[]    one sibling
WITH clock AS MATERIALIZED (
    SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms
),
key AS MATERIALIZED (
    SELECT split_part(name, '/', 1)::uuid AS flow_id, split_part(name, '/', 2)::uuid AS downstream_eid,
           split_part(name, '/', 3)::uuid AS execution_id
      FROM unnest($2::text[]) AS key (name)
),
edge_group AS (
    UPDATE ff_edge_group
       SET cancel_siblings_pending_flag = cardinality(cancel_siblings_pending_members) > 1,
           cancel_siblings_pending_members = array_remove(cancel_siblings_pending_members, key.execution_id::text)
      FROM key
     WHERE partition_key = $1 AND ff_edge_group.flow_id = key.flow_id AND ff_edge_group.downstream_eid = key.downstream_eid
    RETURNING ff_edge_group.flow_id, ff_edge_group.downstream_eid, cancel_siblings_pending_flag
),
queue AS (
    DELETE FROM ff_pending_cancel_groups
     USING edge_group
     WHERE partition_key = $1 AND ff_pending_cancel_groups.flow_id = edge_group.flow_id
       AND ff_pending_cancel_groups.downstream_eid = edge_group.downstream_eid
       AND NOT edge_group.cancel_siblings_pending_flag
),
core AS (
    UPDATE ff_exec_core
       SET lifecycle_phase = 'terminal', ownership_state = 'unowned', eligibility_state = 'not_applicable',
           public_state = 'cancelled', attempt_state = 'cancelled', blocking_reason = NULL, terminal_at_ms = now_ms,
           cancellation_reason = 'sibling_quorum_satisfied', cancelled_by = 'engine',
           raw_fields = raw_fields || jsonb_build_object('last_mutation_at', now_ms::text)
      FROM clock
     WHERE partition_key = $1 AND execution_id = (SELECT execution_id FROM key)
    RETURNING execution_id, flow_id, raw_fields
),
attempt AS (
    UPDATE ff_attempt
       SET outcome = 'cancelled', terminal_at_ms = now_ms, lease_expires_at_ms = NULL, lease_epoch = lease_epoch + 1,
           worker_id = NULL, worker_instance_id = NULL
      FROM clock
     WHERE partition_key = $1 AND execution_id = (SELECT execution_id FROM key) AND attempt_index = 0
),
completion AS (
    INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, namespace, instance_tag, occurred_at_ms)
    SELECT $1, execution_id, flow_id, 'cancelled', raw_fields ->> 'namespace', raw_fields -> 'tags' ->> 'cairn.instance_id', now_ms
      FROM core CROSS JOIN clock
)
INSERT INTO ff_lease_event (execution_id, event_type, occurred_at_ms, partition_key, namespace, instance_tag)
SELECT execution_id::text, 'revoked', now_ms, $1, raw_fields ->> 'namespace', raw_fields -> 'tags' ->> 'cairn.instance_id'
  FROM core CROSS JOIN clock
