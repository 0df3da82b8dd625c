-- Writes the edges of seeded siblings to their downstream execution.
--
-- $1 smallint partition_key, $2 uuid flow_id, $3 uuid downstream_eid, $4 uuid[] upstream_eid of each, $5 bigint when they
-- were applied, milliseconds since the epoch
INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
SELECT $1, $2, gen_random_uuid(), upstream_eid, $3,
       jsonb_build_object('edge_state', 'applied', 'applied_at_ms', $5::bigint)
  FROM unnest($4::uuid[]) AS upstream_eid
