-- A worker's permission to claim or reclaim an execution, for a while.

CREATE TABLE ff_claim_grant (
    partition_key smallint,
    grant_id bytea,
    execution_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('claim', 'reclaim')),
    worker_id text NOT NULL,
    worker_instance_id text NOT NULL,
    lane_id text,
    capability_hash text,
    worker_capabilities jsonb NOT NULL DEFAULT '[]',
    route_snapshot_json text,
    admission_summary text,
    grant_ttl_ms bigint NOT NULL,
    issued_at_ms bigint NOT NULL,
    expires_at_ms bigint NOT NULL,
    PRIMARY KEY (partition_key, grant_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_claim_grant_execution_idx ON ff_claim_grant (partition_key, execution_id);
CREATE INDEX ff_claim_grant_expiry_idx ON ff_claim_grant (expires_at_ms);

SELECT ff_scanner.create_hash_children('ff_claim_grant');
