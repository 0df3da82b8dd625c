-- How often a worker lost this execution with its lease; at a cap the execution fails.

ALTER TABLE ff_exec_core ADD COLUMN lease_reclaim_count integer NOT NULL DEFAULT 0;
