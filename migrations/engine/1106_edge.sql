-- A dependency: downstream waits for upstream. Its policy says whether it has been applied yet.

CREATE TABLE ff_edge (
    partition_key smallint,
    flow_id uuid,
    edge_id uuid,
    upstream_eid uuid NOT NULL,
    downstream_eid uuid NOT NULL,
    policy jsonb NOT NULL,
    policy_version integer NOT NULL DEFAULT 0,
    PRIMARY KEY (partition_key, flow_id, edge_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_edge_downstream_idx ON ff_edge (partition_key, flow_id, downstream_eid)
    INCLUDE (upstream_eid, policy_version);
CREATE INDEX ff_edge_upstream_idx ON ff_edge (partition_key, flow_id, upstream_eid);

SELECT ff_scanner.create_hash_children('ff_edge');
