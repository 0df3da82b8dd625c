-- Marks all pending completion events as dispatched.
UPDATE ff_completion_event SET dispatched_at_ms = committed_at_ms WHERE dispatched_at_ms IS NULL
