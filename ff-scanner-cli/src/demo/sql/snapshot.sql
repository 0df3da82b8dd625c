-- Remembers every row as it is before the reconcilers run.
--
-- Takes and returns nothing.
-- Reads all tables whole.
-- Locks nothing.
-- Idempotent: no; it would remember them twice.
WITH told AS (
    INSERT INTO ff_scanner_demo.told_before SELECT event_id FROM ff_completion_event
)
INSERT INTO ff_scanner_demo.before SELECT * FROM ff_scanner_demo.row
