-- Writes an edge of a seeded flow.
--
-- $1 smallint partition_key, $2 uuid flow_id, $3 uuid upstream_eid, $4 uuid downstream_eid, $5 jsonb policy
INSERT INTO ff_edge (partition_key, flow_id, edge_id, upstream_eid, downstream_eid, policy)
VALUES ($1, $2, gen_random_uuid(), $3, $4, $5)
