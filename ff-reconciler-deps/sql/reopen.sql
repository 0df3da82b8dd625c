-- Opens groups of one partition that fired as impossible and whose child waits again, because it was replayed.
--
-- $1 smallint  partition_key
-- $2 uuid[]    flow_id of each group; the caller holds its row
-- $3 uuid[]    downstream_eid of each
--
-- Returns flow_id, downstream_eid of the groups that were opened.
-- Reads by the primary key of ff_exec_core and ff_edge_downstream_idx (partition_key, flow_id, downstream_eid).
-- Locks ff_exec_core, then ff_edge, both up front and SKIP LOCKED: what is held stays as it is until the next look.
-- Idempotent: an opened group has not fired.
WITH child AS MATERIALIZED (
    SELECT wanted.flow_id, core.execution_id
      FROM unnest($2::uuid[], $3::uuid[]) AS wanted (flow_id, execution_id)
      JOIN ff_exec_core AS core
        ON core.partition_key = $1 AND core.execution_id = wanted.execution_id
     WHERE core.ownership_state = 'unowned'
       AND core.lifecycle_phase IN ('submitted', 'runnable', 'blocked', 'pending')
       AND core.eligibility_state IN ('blocked_by_dependencies', 'blocked')
     ORDER BY core.execution_id
       FOR UPDATE OF core SKIP LOCKED
),
edge AS MATERIALIZED (
    SELECT edge.flow_id, edge.edge_id, edge.downstream_eid
      FROM child
      JOIN ff_edge AS edge
        ON edge.partition_key = $1 AND edge.flow_id = child.flow_id AND edge.downstream_eid = child.execution_id
     WHERE edge.policy ->> 'edge_state' = 'impossible'
     ORDER BY edge.flow_id, edge.edge_id
       FOR UPDATE OF edge SKIP LOCKED
),
opened AS MATERIALIZED (
    SELECT child.flow_id, child.execution_id AS downstream_eid
      FROM child
     WHERE NOT EXISTS (
           SELECT FROM ff_edge AS held
            WHERE held.partition_key = $1
              AND held.flow_id = child.flow_id
              AND held.downstream_eid = child.execution_id
              AND held.policy ->> 'edge_state' = 'impossible'
              AND held.edge_id NOT IN (SELECT edge_id FROM edge))
),
edge_opened AS (
    UPDATE ff_edge
       SET policy = (ff_edge.policy - '{resolved_as,resolved_event_id,resolved_at_ms}'::text[])
                    || '{"edge_state": "applied"}'
      FROM edge JOIN opened USING (flow_id, downstream_eid)
     WHERE ff_edge.partition_key = $1 AND ff_edge.flow_id = edge.flow_id AND ff_edge.edge_id = edge.edge_id
),
group_opened AS (
    UPDATE ff_edge_group AS edge_group
       SET policy = edge_group.policy - 'fired'
      FROM opened
     WHERE edge_group.partition_key = $1
       AND edge_group.flow_id = opened.flow_id
       AND edge_group.downstream_eid = opened.downstream_eid
)
SELECT flow_id, downstream_eid FROM opened
