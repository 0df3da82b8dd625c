-- The execution: its state vector, where it belongs, what it was asked and what it answered.
-- State columns are free text; the words that may be written are a contract of the engine's code.

CREATE TABLE ff_exec_core (
    partition_key smallint,
    execution_id uuid,
    flow_id uuid, -- NULL for an execution of its own
    lane_id text NOT NULL,
    required_capabilities text[] NOT NULL DEFAULT '{}',
    attempt_index integer NOT NULL DEFAULT 0,
    -- the state vector
    lifecycle_phase text NOT NULL,
    ownership_state text NOT NULL,
    eligibility_state text NOT NULL,
    public_state text NOT NULL,
    attempt_state text NOT NULL,
    blocking_reason text,
    cancellation_reason text,
    cancelled_by text,
    priority integer NOT NULL DEFAULT 0, -- higher is claimed first
    created_at_ms bigint NOT NULL,
    terminal_at_ms bigint,
    deadline_at_ms bigint, -- also "not before", while the execution is delayed
    payload bytea,
    result bytea,
    policy jsonb,
    raw_fields jsonb NOT NULL DEFAULT '{}', -- namespace, tags, and whatever has no column
    PRIMARY KEY (partition_key, execution_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_exec_core_lane_phase_idx ON ff_exec_core (partition_key, lane_id, lifecycle_phase);
CREATE INDEX ff_exec_core_caps_gin_idx ON ff_exec_core USING gin (required_capabilities);
CREATE INDEX ff_exec_core_flow_idx ON ff_exec_core (partition_key, flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX ff_exec_core_deadline_idx ON ff_exec_core (partition_key, deadline_at_ms)
    WHERE deadline_at_ms IS NOT NULL;

SELECT ff_scanner.create_hash_children('ff_exec_core');
