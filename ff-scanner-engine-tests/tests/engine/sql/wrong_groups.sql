-- The groups whose counts are not those of their edges: one of each edge, and as many successes as there were, once the
-- child has had them all.
--
-- $1 smallint  partition_key
-- $2 text      lane_id
SELECT downstream_eid::text || ': ' || to_jsonb(edge_group)::text
  FROM ff_edge_group AS edge_group
  JOIN ff_exec_core AS child ON child.partition_key = $1 AND child.execution_id = edge_group.downstream_eid
 CROSS JOIN LATERAL (
       SELECT count(*) AS all_of_them,
              count(*) FILTER (WHERE attempt.outcome = 'success') AS successes
         FROM ff_edge AS edge
         LEFT JOIN ff_attempt AS attempt
           ON attempt.partition_key = $1 AND attempt.execution_id = edge.upstream_eid
        WHERE edge.partition_key = $1 AND edge.downstream_eid = edge_group.downstream_eid) AS edges
 WHERE edge_group.partition_key = $1
   AND child.lane_id = $2
   AND (success_count + fail_count + skip_count + running_count <> all_of_them
        OR child.public_state <> 'skipped' AND success_count <> successes)
