-- Writes what has come of endings of one partition: on edges how they came out, on groups what they count and whether they
-- fired, and on the endings' events that they are dispatched.
--
-- $1 smallint   partition_key
-- $2 text[]     ctid of each edge, as its lock returned it
-- $3 boolean[]  whether it is satisfied
-- $4 text[]     outcome of its upstream, as its event says
-- $5 bigint[]   event_id of that event, NULL where none told of it
-- $6 text[]     ctid of each group, as its lock returned it
-- $7 integer[]  satisfied edges
-- $8 integer[]  edges whose upstream ended otherwise, but was not skipped
-- $9 integer[]  edges whose upstream was skipped
-- $10 integer[] applied edges that are unresolved
-- $11 text[]    how it fired: satisfied or impossible; NULL where it did not
-- $12 bigint[]  event_id of each event; the caller holds its row
-- $13 bigint    the time, milliseconds since the epoch; NULL means the server's clock
--
-- Returns nothing.
-- Reads by ctid of ff_edge and ff_edge_group, which nobody but us can change while we hold the locks, and by the primary key
-- of ff_completion_event, or by ff_completion_event_event_id_idx (event_id).
-- Locks nothing more than the caller has.
-- Idempotent: a marked edge is not resolved again, so an upstream that ends twice counts once; the counts are what the edges
-- say, and a dispatched event is not looked at again.
WITH clock AS MATERIALIZED (
    SELECT COALESCE($13::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint) AS now_ms
),
edge_marked AS (
    UPDATE ff_edge AS edge
       SET policy = CASE jsonb_typeof(edge.policy) WHEN 'object' THEN edge.policy ELSE '{}' END
               || jsonb_build_object(
                  'edge_state', CASE WHEN mark.satisfied THEN 'satisfied' ELSE 'impossible' END,
                  'resolved_as', mark.outcome,
                  'resolved_event_id', mark.event_id,
                  'resolved_at_ms', clock.now_ms)
      FROM unnest($2::text[]::tid[], $3::boolean[], $4::text[], $5::bigint[]) AS mark (edge_ctid, satisfied, outcome, event_id)
     CROSS JOIN clock
     WHERE edge.partition_key = $1 AND edge.ctid = mark.edge_ctid
),
group_counted AS (
    UPDATE ff_edge_group AS edge_group
       SET success_count = counted.satisfied,
           fail_count = counted.failed,
           skip_count = counted.skipped,
           running_count = counted.running,
           policy = CASE
               WHEN counted.fired IS NULL THEN edge_group.policy
               ELSE CASE jsonb_typeof(edge_group.policy) WHEN 'object' THEN edge_group.policy ELSE '{}' END
                    || jsonb_build_object('fired', counted.fired) END
      FROM unnest($6::text[]::tid[], $7::integer[], $8::integer[], $9::integer[], $10::integer[], $11::text[])
           AS counted (group_ctid, satisfied, failed, skipped, running, fired)
     WHERE edge_group.partition_key = $1 AND edge_group.ctid = counted.group_ctid
)
UPDATE ff_completion_event
   SET dispatched_at_ms = clock.now_ms
  FROM clock
 WHERE partition_key = $1 AND event_id = ANY ($12::bigint[])
