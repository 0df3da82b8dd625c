-- Applies successes to children that wait for nothing else, without any check.
--
-- $1 smallint  partition_key
-- $2 text[]    events
WITH clock AS MATERIALIZED (
    SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms
),
event AS (
    UPDATE ff_completion_event
       SET dispatched_at_ms = now_ms
      FROM clock
     WHERE partition_key = $1 AND event_id = ANY ($2::text[]::bigint[])
    RETURNING event_id, flow_id, execution_id
),
edge AS (
    UPDATE ff_edge
       SET policy = policy || jsonb_build_object('edge_state', 'satisfied', 'resolved_as', 'success',
                                                 'resolved_event_id', event.event_id, 'resolved_at_ms', now_ms)
      FROM event CROSS JOIN clock
     WHERE ff_edge.partition_key = $1 AND ff_edge.flow_id = event.flow_id AND ff_edge.upstream_eid = event.execution_id
    RETURNING ff_edge.flow_id, ff_edge.downstream_eid
),
edge_group AS (
    UPDATE ff_edge_group
       SET success_count = success_count + 1, running_count = running_count - 1,
           policy = policy || '{"fired": "satisfied"}'
      FROM edge
     WHERE ff_edge_group.partition_key = $1 AND ff_edge_group.flow_id = edge.flow_id
       AND ff_edge_group.downstream_eid = edge.downstream_eid
)
UPDATE ff_exec_core
   SET eligibility_state = 'eligible_now', public_state = 'waiting', blocking_reason = 'waiting_for_worker',
       raw_fields = raw_fields || jsonb_build_object('last_mutation_at', now_ms::text)
  FROM edge CROSS JOIN clock
 WHERE ff_exec_core.partition_key = $1 AND ff_exec_core.execution_id = edge.downstream_eid
