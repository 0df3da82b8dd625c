-- Locks a pending event and the group that waits for it, for the approach that takes a row at a time.
--
-- $1 smallint  partition_key
-- $2 text[]    one event
SELECT 1
  FROM ff_completion_event AS event
  JOIN ff_edge AS edge
    ON edge.partition_key = $1 AND edge.flow_id = event.flow_id AND edge.upstream_eid = event.execution_id
  JOIN ff_edge_group AS edge_group
    ON edge_group.partition_key = $1 AND edge_group.flow_id = edge.flow_id
   AND edge_group.downstream_eid = edge.downstream_eid
 WHERE event.partition_key = $1 AND event.event_id = ANY ($2::text[]::bigint[]) AND event.dispatched_at_ms IS NULL
   FOR UPDATE
