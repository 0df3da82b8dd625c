-- What a budget has spent in this window, a row a dimension.

CREATE TABLE ff_budget_usage (
    partition_key smallint,
    budget_id text,
    dimensions_key text,
    current_value bigint NOT NULL DEFAULT 0,
    last_reset_at_ms bigint,
    updated_at_ms bigint NOT NULL,
    PRIMARY KEY (partition_key, budget_id, dimensions_key)
) PARTITION BY HASH (partition_key);

SELECT ff_scanner.create_hash_children('ff_budget_usage');
