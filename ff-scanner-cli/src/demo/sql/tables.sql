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
    suspension text CHECK (suspension IN ('gone', 'resumed', 'escalated', 'cleared')),
    payload text -- as a row shows it
);

-- What an execution is like at first. Without an ending it must stay so.
CREATE TABLE ff_scanner_demo.kind (
    name text PRIMARY KEY,
    share integer NOT NULL, -- of a thousand of those that stand alone; 0 for members of flows
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
    instance_tag text NOT NULL,
    node integer -- its place in its flow; NULL for one that stands alone
);

-- What a flow is like, and what is to become of it. Its executions are planned like all others.
CREATE TABLE ff_scanner_demo.shape (
    name text PRIMARY KEY
);

CREATE TABLE ff_scanner_demo.shape_node (
    shape text REFERENCES ff_scanner_demo.shape,
    node integer,
    kind text NOT NULL REFERENCES ff_scanner_demo.kind,
    told text[] NOT NULL DEFAULT '{}', -- completion events that wait to be dispatched
    PRIMARY KEY (shape, node)
);

CREATE TABLE ff_scanner_demo.shape_edge (
    shape text REFERENCES ff_scanner_demo.shape,
    upstream integer,
    downstream integer,
    policy jsonb NOT NULL DEFAULT '{}',
    edge_state text, -- how it comes out; NULL when nothing is to become of it
    resolved_as text,
    PRIMARY KEY (shape, upstream, downstream)
);

-- All upstreams of one node. In the end no group asks for anybody to be cancelled any more.
CREATE TABLE ff_scanner_demo.shape_group (
    shape text REFERENCES ff_scanner_demo.shape,
    node integer,
    policy jsonb NOT NULL,
    fired text,
    success_count integer NOT NULL,
    fail_count integer NOT NULL,
    skip_count integer NOT NULL,
    running_count integer NOT NULL,
    flagged integer, -- the node that it asks to be cancelled at first
    queued boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shape, node)
);

CREATE TABLE ff_scanner_demo.flow (
    flow_id uuid PRIMARY KEY,
    shape text NOT NULL,
    partition_key smallint NOT NULL
);

-- What a budget is like, and when its next window is to begin, counted in intervals from the one that is due.
CREATE TABLE ff_scanner_demo.budget_kind (
    name text PRIMARY KEY,
    policy_json jsonb NOT NULL,
    late_by_ms bigint NOT NULL, -- how long the window has been due; negative when it is not
    windows integer, -- NULL when it must stay as it is
    ends boolean NOT NULL DEFAULT false -- the window that begins is the last
);

CREATE TABLE ff_scanner_demo.budget (
    budget_id text PRIMARY KEY,
    partition_key smallint NOT NULL,
    kind text NOT NULL,
    due_at_ms bigint NOT NULL
);

-- Completion events that were there before the reconcilers ran.
CREATE TABLE ff_scanner_demo.told_before (
    event_id bigint PRIMARY KEY
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
