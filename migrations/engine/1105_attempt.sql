-- One try of an execution, with the lease of the worker that makes it. A zombie fails the fence on lease_epoch.

CREATE TABLE ff_attempt (
    partition_key smallint,
    execution_id uuid,
    attempt_index integer,
    worker_id text,
    worker_instance_id text,
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_expires_at_ms bigint, -- NULL when nobody holds it
    started_at_ms bigint,
    terminal_at_ms bigint,
    outcome text, -- NULL while it runs
    usage jsonb,
    policy jsonb, -- a snapshot, and most claims leave it NULL
    raw_fields jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (partition_key, execution_id, attempt_index)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_attempt_lease_expiry_idx ON ff_attempt (partition_key, lease_expires_at_ms)
    WHERE lease_expires_at_ms IS NOT NULL;
CREATE INDEX ff_attempt_worker_idx ON ff_attempt (partition_key, worker_id) WHERE worker_id IS NOT NULL;

SELECT ff_scanner.create_hash_children('ff_attempt');
