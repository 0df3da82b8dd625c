-- Writes the group of an execution that waits in a seeded flow.
--
-- $1 smallint partition_key, $2 uuid flow_id, $3 uuid downstream_eid, $4 jsonb policy, $5 integer running_count
INSERT INTO ff_edge_group (partition_key, flow_id, downstream_eid, policy, running_count)
VALUES ($1, $2, $3, $4, $5)
