-- Creates what the team wants to know of each execution that was put back: which, when, and since when nobody could
-- claim it. Run as one message it is one transaction, and run again it changes nothing.

SELECT pg_advisory_xact_lock(hashtext('flow_team')); -- IF NOT EXISTS alone fails when two processes meet

CREATE SCHEMA IF NOT EXISTS flow_team; -- the engine's schema belongs to the engine's migrations

CREATE TABLE IF NOT EXISTS flow_team.put_back (
    partition_key smallint,
    execution_id uuid,
    put_back_at_ms bigint,
    grant_expired_at_ms bigint, -- NULL when there was no grant at all
    -- An execution may be put back again, but never twice by one act.
    PRIMARY KEY (partition_key, execution_id, put_back_at_ms)
);
