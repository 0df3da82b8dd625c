-- Writes on edges of one partition how they came out.
--
-- $1 smallint   partition_key
-- $2 uuid[]     flow_id of each edge; the caller holds its row
-- $3 uuid[]     edge_id of each
-- $4 boolean[]  whether it is satisfied
-- $5 text[]     outcome of its upstream, as its event says
-- $6 bigint[]   event_id of that event, NULL where none told of it
-- $7 bigint     the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns nothing.
-- Reads by the primary key of ff_edge.
-- Locks nothing more than the caller has.
-- Idempotent: a marked edge is not resolved again, so an upstream that ends twice counts once.
UPDATE ff_edge AS edge
   SET policy = CASE jsonb_typeof(edge.policy) WHEN 'object' THEN edge.policy ELSE '{}' END
           || jsonb_build_object(
              'edge_state', CASE WHEN mark.satisfied THEN 'satisfied' ELSE 'impossible' END,
              'resolved_as', mark.outcome,
              'resolved_event_id', mark.event_id,
              'resolved_at_ms', COALESCE($7::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint))
  FROM unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::text[], $6::bigint[])
       AS mark (flow_id, edge_id, satisfied, outcome, event_id)
 WHERE edge.partition_key = $1 AND edge.flow_id = mark.flow_id AND edge.edge_id = mark.edge_id
