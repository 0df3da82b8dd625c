-- Leads from an execution and the time it ended to its completion event.

CREATE INDEX ff_completion_event_lookup_idx ON ff_completion_event (partition_key, execution_id, occurred_at_ms);
