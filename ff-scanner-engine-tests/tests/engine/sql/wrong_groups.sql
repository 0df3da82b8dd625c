-- The groups whose counts are not those of their edges: one of each edge, and as many successes as there were, once the
-- child has had them all.
--
-- $1 smallint  partition_key
-- $2 text      lane_id
--
-- Returns each group with its edges and the events of its upstreams.
SELECT jsonb_build_object('group', to_jsonb(edge_group), 'edges', edges.listed, 'events', events.listed)::text
  FROM ff_edge_group AS edge_group
  JOIN ff_exec_core AS child ON child.partition_key = $1 AND child.execution_id = edge_group.downstream_eid
 CROSS JOIN LATERAL (
       SELECT count(*) AS all_of_them,
              jsonb_agg(to_jsonb(edge)) AS listed,
              count(*) FILTER (WHERE attempt.outcome = 'success') AS successes
         FROM ff_edge AS edge
         LEFT JOIN ff_attempt AS attempt
           ON attempt.partition_key = $1 AND attempt.execution_id = edge.upstream_eid
        WHERE edge.partition_key = $1 AND edge.downstream_eid = edge_group.downstream_eid) AS edges
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(to_jsonb(event)) AS listed
         FROM ff_completion_event AS event
         JOIN ff_edge AS edge ON edge.partition_key = $1 AND edge.upstream_eid = event.execution_id
        WHERE event.partition_key = $1 AND edge.downstream_eid = edge_group.downstream_eid) AS events
 WHERE edge_group.partition_key = $1
   AND child.lane_id = $2
   AND (success_count + fail_count + skip_count + running_count <> all_of_them
        OR child.public_state <> 'skipped' AND success_count <> successes)
