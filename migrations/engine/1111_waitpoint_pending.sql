-- Where a signal may be delivered, and the token that proves the right to do so.

CREATE TABLE ff_waitpoint_pending (
    partition_key smallint,
    waitpoint_id uuid,
    execution_id uuid NOT NULL,
    token_kid text NOT NULL,
    token text NOT NULL,
    created_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    condition jsonb,
    waitpoint_key text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'pending',
    required_signal_names text[] NOT NULL DEFAULT '{}',
    activated_at_ms bigint,
    PRIMARY KEY (partition_key, waitpoint_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_waitpoint_pending_expires_idx ON ff_waitpoint_pending (partition_key, expires_at_ms)
    WHERE expires_at_ms IS NOT NULL;
CREATE INDEX ff_waitpoint_pending_exec_idx ON ff_waitpoint_pending (partition_key, execution_id);

SELECT ff_scanner.create_hash_children('ff_waitpoint_pending');
