-- Creates what the demo knows about its executions: what they are, and what is to become of them.
--
-- Takes and returns nothing.
-- Reads nothing.
-- Locks nothing: the schema is new.
-- Idempotent: no; the database is new as well.
CREATE SCHEMA ff_scanner_demo;

-- A state vector and its name.
CREATE TABLE ff_scanner_demo.situation (
    name text PRIMARY KEY,
    lifecycle_phase text NOT NULL,
    ownership_state text NOT NULL,
    eligibility_state text NOT NULL,
    public_state text NOT NULL,
    attempt_state text NOT NULL
);

-- What a reconciler may leave behind. Whatever is NULL stays as it was.
CREATE TABLE ff_scanner_demo.ending (
    name text PRIMARY KEY,
    situation text REFERENCES ff_scanner_demo.situation,
    next_attempt integer NOT NULL, -- where the pointer goes, counted from the current attempt
    acts_on text CHECK (acts_on IN ('current', 'earlier')), -- which attempt changes
    outcome text,
    fenced boolean NOT NULL, -- epoch + 1, and no worker any more
    restarts boolean NOT NULL, -- the attempt's clock is cleared
    lease_event text,
    completion text,
    suspension text CHECK (suspension IN ('gone', 'resumed', 'escalated', 'cleared'))
);

-- What an execution is like at first. Without an ending it must stay so.
CREATE TABLE ff_scanner_demo.kind (
    name text PRIMARY KEY,
    share integer NOT NULL, -- of a thousand
    reconciler text,
    ending text REFERENCES ff_scanner_demo.ending,
    situation text NOT NULL REFERENCES ff_scanner_demo.situation,
    pointer integer NOT NULL,
    attempt integer, -- index of the current attempt; NULL when there is none
    lease text CHECK (lease IN ('live', 'due')),
    outcome text,
    policy jsonb,
    attempt_policy jsonb,
    retry_count text,
    reclaims integer NOT NULL DEFAULT 0,
    earlier_outcome text, -- of the attempts before the current one
    suspension text CHECK (suspension IN ('due', 'later', 'never')),
    behavior text
);

-- One row an execution.
CREATE TABLE ff_scanner_demo.plan (
    execution_id uuid PRIMARY KEY,
    partition_key smallint NOT NULL,
    kind text NOT NULL,
    due_at_ms bigint, -- NULL for those that must stay as they are
    flow_id uuid,
    namespace text NOT NULL,
    instance_tag text NOT NULL
);

-- Every row that a reconciler could touch, as it is now.
CREATE VIEW ff_scanner_demo.row AS
SELECT 'ff_exec_core' AS relation, execution_id, '' AS item, to_jsonb(t) AS content FROM ff_exec_core AS t
 UNION ALL
SELECT 'ff_attempt', execution_id, attempt_index::text, to_jsonb(t) FROM ff_attempt AS t
 UNION ALL
SELECT 'ff_suspension_current', execution_id, '', to_jsonb(t) FROM ff_suspension_current AS t
 UNION ALL
SELECT 'ff_waitpoint_pending', execution_id, waitpoint_id::text, to_jsonb(t) FROM ff_waitpoint_pending AS t;

-- The same, as it was before the reconcilers ran.
CREATE TABLE ff_scanner_demo.before (LIKE ff_scanner_demo.row);
