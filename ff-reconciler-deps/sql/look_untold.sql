-- Finds upstreams that have ended although children wait for them and no pending event tells of it.
--
-- $1 smallint[]  partition key of each child
-- $2 uuid[]      flow_id of each
-- $3 uuid[]      execution_id of each
-- $4 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $5 bigint      how long ago an upstream must have ended, milliseconds
-- $6 text        namespace to keep to; NULL means all
-- $7 text        key of the tag to keep to; NULL means all
-- $8 text        value of that tag
-- $9 uuid[]      upstreams to leave out
-- $10 bigint     most upstreams
--
-- Returns partition_key, flow_id, execution_id of each upstream.
-- Reads by ff_edge_downstream_idx (partition_key, flow_id, downstream_eid) and the primary keys of ff_exec_core and
-- ff_edge_group.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT DISTINCT child.partition_key, child.flow_id, edge.upstream_eid AS execution_id
  FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS child (partition_key, flow_id, execution_id)
 -- OFFSET 0 keeps each of these a look-up by key for the few rows before it, whatever the planner believes of them.
 CROSS JOIN LATERAL (
       SELECT edge.upstream_eid, edge.policy ->> 'edge_state' = 'impossible' AS impossible
         FROM ff_edge AS edge
        WHERE edge.partition_key = child.partition_key
          AND edge.flow_id = child.flow_id
          AND edge.downstream_eid = child.execution_id
          AND edge.policy -> 'applied_at_ms' IS DISTINCT FROM 'null'::jsonb
          AND COALESCE(edge.policy ->> 'edge_state', '') <> 'satisfied'
          -- if avoiding
          AND edge.upstream_eid NOT IN (SELECT unnest($9::uuid[]))
          -- end if
       OFFSET 0) AS edge
 CROSS JOIN LATERAL (
       SELECT upstream.raw_fields
         FROM ff_exec_core AS upstream
        WHERE upstream.partition_key = child.partition_key
          AND upstream.execution_id = edge.upstream_eid
          AND upstream.lifecycle_phase IN ('terminal', 'cancelled')
          -- The engine's own dispatcher marks an event before it applies it: what ended just now may be in its hands.
          AND COALESCE(upstream.terminal_at_ms, 0)
              <= COALESCE($4::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) - $5::bigint
          -- if filtered
          AND ($6::text IS NULL OR upstream.raw_fields ->> 'namespace' = $6)
          AND ($7::text IS NULL OR upstream.raw_fields -> 'tags' ->> $7 = $8::text)
          -- end if
       OFFSET 0) AS upstream
 -- A child that was skipped and waits again has been replayed: what was impossible then is asked anew.
 WHERE (edge.impossible IS NOT TRUE
        OR (SELECT edge_group.policy ->> 'fired'
              FROM ff_edge_group AS edge_group
             WHERE edge_group.partition_key = child.partition_key
               AND edge_group.flow_id = child.flow_id
               AND edge_group.downstream_eid = child.execution_id) = 'impossible')
   -- The event is the authority on the outcome, as long as it is pending.
   AND (SELECT event.event_id
          FROM ff_completion_event AS event
         WHERE event.partition_key = child.partition_key
           AND event.execution_id = edge.upstream_eid
           AND event.dispatched_at_ms IS NULL
         LIMIT 1) IS NULL
 LIMIT $10::bigint
