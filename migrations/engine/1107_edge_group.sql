-- All edges into one downstream execution, counted: how many upstreams ended, and how.
-- The cancel_siblings columns ask for the upstreams that nobody waits for any more to be cancelled.

CREATE TABLE ff_edge_group (
    partition_key smallint,
    flow_id uuid,
    downstream_eid uuid,
    policy jsonb NOT NULL, -- all_of, any_of, or a quorum of k
    k_target integer NOT NULL DEFAULT 0, -- never written: k is in the policy
    success_count integer NOT NULL DEFAULT 0,
    fail_count integer NOT NULL DEFAULT 0,
    skip_count integer NOT NULL DEFAULT 0,
    running_count integer NOT NULL DEFAULT 0,
    cancel_siblings_pending_flag boolean NOT NULL DEFAULT false,
    cancel_siblings_pending_members text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (partition_key, flow_id, downstream_eid)
) PARTITION BY HASH (partition_key);

SELECT ff_scanner.create_hash_children('ff_edge_group');
