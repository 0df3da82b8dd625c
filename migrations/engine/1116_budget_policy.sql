-- What may be spent, and when the next window begins. Lives in the budget partitions, not in those of flows.

CREATE TABLE ff_budget_policy (
    partition_key smallint,
    budget_id text,
    policy_json jsonb NOT NULL, -- limits, what to do at them, reset_interval_ms
    created_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    scope_type text NOT NULL DEFAULT '',
    scope_id text NOT NULL DEFAULT '',
    enforcement_mode text NOT NULL DEFAULT '',
    breach_count bigint NOT NULL DEFAULT 0,
    soft_breach_count bigint NOT NULL DEFAULT 0,
    last_breach_at_ms bigint,
    last_breach_dim text,
    next_reset_at_ms bigint, -- NULL for a budget that never resets
    PRIMARY KEY (partition_key, budget_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_budget_policy_reset_due_idx ON ff_budget_policy (partition_key, next_reset_at_ms)
    WHERE next_reset_at_ms IS NOT NULL;

SELECT ff_scanner.create_hash_children('ff_budget_policy');
