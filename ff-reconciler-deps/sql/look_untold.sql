-- Finds upstreams that have ended while a child still waits for them and no pending event tells of it.
--
-- It walks over the children that wait, which are live work, and never over the executions that have ended, which are
-- history: a page of them at a time, from where the last page ended.
--
-- $1 smallint[]  partition keys to walk, ascending; the first is the one that the last page ended in
-- $2 smallint    partition key of the child that the last page ended with
-- $3 uuid        execution_id of that child
-- $4 bigint      the time, milliseconds since the epoch; NULL means the server's clock
-- $5 bigint      how long ago an upstream must have ended, milliseconds
-- $6 text        namespace to keep to; NULL means all
-- $7 text        key of the tag to keep to; NULL means all
-- $8 text        value of that tag
-- $9 uuid[]      upstreams to leave out
-- $10 bigint     most children of a page
-- $11 bigint     most upstreams
--
-- Returns partition_key, flow_id, execution_id of each upstream, and with each row how many children the page has, and
-- the last one's partition_key and execution_id; one row with these alone when there is no such upstream.
-- Reads by ff_exec_core_lane_phase_idx (partition_key, lane_id, lifecycle_phase), ff_edge_downstream_idx
-- (partition_key, flow_id, downstream_eid) and the primary keys of ff_exec_core and ff_edge_group.
-- Locks nothing.
-- Idempotent: it only reads.
WITH child AS MATERIALIZED (
    SELECT p.partition_key, waiting.flow_id, waiting.execution_id
      FROM unnest($1::smallint[]) AS p (partition_key)
     CROSS JOIN LATERAL (
           -- No index leads to a phase in any lane, so the lanes are found first, by a probe each.
           WITH RECURSIVE lane (lane_id) AS (
               (SELECT first.lane_id
                  FROM ff_exec_core AS first
                 WHERE first.partition_key = p.partition_key
                 ORDER BY first.lane_id
                 LIMIT 1)
               UNION ALL
               SELECT (SELECT next.lane_id
                         FROM ff_exec_core AS next
                        WHERE next.partition_key = p.partition_key AND next.lane_id > lane.lane_id
                        ORDER BY next.lane_id
                        LIMIT 1)
                 FROM lane
                WHERE lane.lane_id IS NOT NULL
           )
           SELECT core.flow_id, core.execution_id
             FROM lane
            CROSS JOIN unnest('{submitted,runnable,blocked,pending}'::text[]) AS phase (lifecycle_phase)
             JOIN ff_exec_core AS core
               ON core.partition_key = p.partition_key
              AND core.lane_id = lane.lane_id
              AND core.lifecycle_phase = phase.lifecycle_phase
            WHERE core.flow_id IS NOT NULL
              AND core.ownership_state = 'unowned'
              AND (core.eligibility_state IN ('blocked_by_dependencies', 'blocked')
                   OR core.eligibility_state = 'eligible_now'
                  AND (core.lifecycle_phase <> 'runnable' OR core.attempt_state = 'pending'))
              AND (p.partition_key > $2::smallint OR core.execution_id > $3::uuid)
            ORDER BY core.execution_id
            LIMIT $10::bigint) AS waiting
     -- The partitions come in the order of $1, so the page is full before the rest of them is read.
     LIMIT $10
),
page AS MATERIALIZED (
    SELECT count(*) AS children,
           max(partition_key) AS last_partition,
           (array_agg(execution_id ORDER BY partition_key DESC, execution_id DESC))[1] AS last_child
      FROM child
),
due AS (
    SELECT DISTINCT child.partition_key, child.flow_id, edge.upstream_eid AS execution_id
      FROM child
     -- OFFSET 0 keeps each of these a look-up by key for the few rows before it, whatever the planner believes of them.
     CROSS JOIN LATERAL (
           SELECT edge.upstream_eid, edge.policy ->> 'edge_state' = 'impossible' AS impossible
             FROM ff_edge AS edge
            WHERE edge.partition_key = child.partition_key
              AND edge.flow_id = child.flow_id
              AND edge.downstream_eid = child.execution_id
              AND edge.policy -> 'applied_at_ms' IS DISTINCT FROM 'null'::jsonb
              AND COALESCE(edge.policy ->> 'edge_state', '') <> 'satisfied'
              AND edge.upstream_eid NOT IN (SELECT unnest($9::uuid[]))
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
              AND ($6::text IS NULL OR upstream.raw_fields ->> 'namespace' = $6)
              AND ($7::text IS NULL OR upstream.raw_fields -> 'tags' ->> $7 = $8::text)
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
     LIMIT $11::bigint
)
SELECT due.partition_key, due.flow_id, due.execution_id, page.children, page.last_partition, page.last_child
  FROM page
  LEFT JOIN due ON true
