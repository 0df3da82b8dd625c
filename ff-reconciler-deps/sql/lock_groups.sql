-- Locks the groups of one partition that wait for executions which have ended.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each ended execution
-- $3 uuid[]    execution_id of each
-- $4 bigint    most edges
-- $5 uuid      an execution whose first edges are done; NULL means none
-- $6 uuid      edge_id of the last of them
--
-- Returns, in the order of the executions, each applied edge that is not satisfied: place (of its execution, from 1),
-- edge_id, edge_ctid, downstream_eid; held (somebody else has its group); group_ctid, kind, k, on_satisfied and fired of its group's
-- policy, and its counts, all NULL when the group is held or gone.
-- Reads by ff_edge_upstream_idx (partition_key, flow_id, upstream_eid) and the primary key of ff_edge_group.
-- Locks ff_edge_group, in the order of its key and SKIP LOCKED: a group that is being applied elsewhere is left to them.
-- Idempotent: it writes nothing.
WITH edge AS MATERIALIZED (
    SELECT ended.place, edge.ctid AS edge_ctid, edge.flow_id, edge.edge_id, edge.downstream_eid
      FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS ended (flow_id, upstream_eid, place)
      JOIN ff_edge AS edge
        ON edge.partition_key = $1
       AND edge.flow_id = ended.flow_id
       AND edge.upstream_eid = ended.upstream_eid
     -- Edges written by hand have an empty policy and count as applied.
     WHERE edge.policy -> 'applied_at_ms' IS DISTINCT FROM 'null'::jsonb
       AND COALESCE(edge.policy ->> 'edge_state', '') <> 'satisfied'
       AND ($5::uuid IS NULL OR edge.upstream_eid <> $5 OR edge.edge_id > $6::uuid)
     ORDER BY ended.place, edge.edge_id
     LIMIT $4::bigint
),
edge_group AS MATERIALIZED (
    SELECT ctid AS group_ctid, flow_id, downstream_eid,
           -- Only what is read of its policy, and that short: it may hold numbers and depths that no other reader takes, and
           -- what cannot be decoded would stop the reconciler.
           left(policy ->> 'kind', 100) AS kind,
           CASE WHEN (policy -> 'k')::text ~ '^[0-9]{1,10}$' THEN (policy ->> 'k')::bigint END AS k,
           left(policy ->> 'on_satisfied', 100) AS on_satisfied,
           left(policy ->> 'fired', 100) AS fired,
           success_count, fail_count, skip_count, running_count
      FROM ff_edge_group
     WHERE partition_key = $1 AND (flow_id, downstream_eid) IN (SELECT edge.flow_id, edge.downstream_eid FROM edge)
     ORDER BY flow_id, downstream_eid
       FOR UPDATE SKIP LOCKED
)
SELECT edge.place, edge.edge_id, edge.edge_ctid::text, edge.downstream_eid,
       edge_group.group_ctid IS NULL AND EXISTS (
           SELECT FROM ff_edge_group AS present
            WHERE present.partition_key = $1
              AND present.flow_id = edge.flow_id
              AND present.downstream_eid = edge.downstream_eid) AS held,
       edge_group.group_ctid::text,
       edge_group.kind, edge_group.k, edge_group.on_satisfied, edge_group.fired,
       edge_group.success_count, edge_group.fail_count, edge_group.skip_count, edge_group.running_count
  FROM edge
  -- Each group has an edge, but the planner takes either for a row: FULL keeps it from comparing all with all.
  FULL JOIN edge_group USING (flow_id, downstream_eid)
 ORDER BY edge.place, edge.edge_id
