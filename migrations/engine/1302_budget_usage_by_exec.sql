-- Who spent what of a budget, so that an execution can give it back.

CREATE TABLE ff_budget_usage_by_exec (
    partition_key smallint,
    budget_id text,
    execution_id uuid,
    dimensions_key text,
    delta_total bigint NOT NULL DEFAULT 0,
    updated_at_ms bigint NOT NULL,
    PRIMARY KEY (partition_key, budget_id, execution_id, dimensions_key)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_budget_usage_by_exec_release_idx ON ff_budget_usage_by_exec (partition_key, budget_id, execution_id);

SELECT ff_scanner.create_hash_children('ff_budget_usage_by_exec');
