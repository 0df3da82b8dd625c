-- The flow: a graph of executions that share its partition. Its tags are top-level keys of raw_fields.

CREATE TABLE ff_flow_core (
    partition_key smallint,
    flow_id uuid,
    graph_revision bigint NOT NULL DEFAULT 0,
    public_flow_state text NOT NULL,
    created_at_ms bigint NOT NULL,
    terminal_at_ms bigint,
    raw_fields jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (partition_key, flow_id)
) PARTITION BY HASH (partition_key);

SELECT ff_scanner.create_hash_children('ff_flow_core');
