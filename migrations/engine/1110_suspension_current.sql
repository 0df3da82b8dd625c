-- What a suspended execution waits for, what has arrived, and what happens when nothing does.

CREATE TABLE ff_suspension_current (
    partition_key smallint,
    execution_id uuid,
    suspension_id uuid NOT NULL,
    suspended_at_ms bigint NOT NULL,
    timeout_at_ms bigint,
    reason_code text,
    condition jsonb NOT NULL,
    satisfied_set jsonb NOT NULL DEFAULT '[]',
    member_map jsonb NOT NULL DEFAULT '{}', -- waitpoint key to the signals that it received
    timeout_behavior text, -- NULL means fail
    PRIMARY KEY (partition_key, execution_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_suspension_current_suspended_at_idx ON ff_suspension_current (partition_key, suspended_at_ms);
CREATE INDEX ff_suspension_current_timeout_idx ON ff_suspension_current (partition_key, timeout_at_ms)
    WHERE timeout_at_ms IS NOT NULL;

SELECT ff_scanner.create_hash_children('ff_suspension_current');
