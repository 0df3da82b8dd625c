-- How many logical partitions ids are spread over. One row; the engine seeds it and never reads it.

CREATE TABLE ff_partition_config (
    singleton_lock boolean PRIMARY KEY DEFAULT true CHECK (singleton_lock = true),
    num_flow_partitions integer NOT NULL,
    num_budget_partitions integer NOT NULL,
    num_quota_partitions integer NOT NULL,
    ff_version text NOT NULL
);

INSERT INTO ff_partition_config (num_flow_partitions, num_budget_partitions, num_quota_partitions, ff_version)
VALUES (256, 256, 256, '0.7.0');
