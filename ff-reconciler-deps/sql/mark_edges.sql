-- Writes on edges of one partition how they came out.
--
-- $1 smallint   partition_key
-- $2 text[]     ctid of each edge, as its lock returned it
-- $3 boolean[]  whether it is satisfied
-- $4 text[]     outcome of its upstream, as its event says
-- $5 bigint[]   event_id of that event, NULL where none told of it
-- $6 bigint     the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns nothing.
-- Reads by ctid of ff_edge, which nobody but us can change while we hold the lock.
-- Locks nothing more than the caller has.
-- Idempotent: a marked edge is not resolved again, so an upstream that ends twice counts once.
UPDATE ff_edge AS edge
   SET policy = CASE jsonb_typeof(edge.policy) WHEN 'object' THEN edge.policy ELSE '{}' END
           || jsonb_build_object(
              'edge_state', CASE WHEN mark.satisfied THEN 'satisfied' ELSE 'impossible' END,
              'resolved_as', mark.outcome,
              'resolved_event_id', mark.event_id,
              'resolved_at_ms', COALESCE($6::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint))
  FROM unnest($2::text[]::tid[], $3::boolean[], $4::text[], $5::bigint[]) AS mark (edge_ctid, satisfied, outcome, event_id)
 WHERE edge.partition_key = $1 AND edge.ctid = mark.edge_ctid
