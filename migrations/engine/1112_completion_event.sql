-- An execution ended: the outbox that moves on whatever hangs below it.
-- The identity numbers rows that are inserted through the parent only. Numbers are given out, not committed, in order.

CREATE TABLE ff_completion_event (
    partition_key smallint,
    event_id bigint GENERATED ALWAYS AS IDENTITY,
    execution_id uuid NOT NULL,
    flow_id uuid,
    outcome text NOT NULL,
    namespace text,
    instance_tag text,
    occurred_at_ms bigint NOT NULL,
    committed_at_ms bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    dispatched_at_ms bigint, -- NULL until its effects are applied
    PRIMARY KEY (partition_key, event_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_completion_event_event_id_idx ON ff_completion_event (event_id);
CREATE INDEX ff_completion_event_pending_dispatch_idx ON ff_completion_event (partition_key, committed_at_ms)
    WHERE dispatched_at_ms IS NULL;

SELECT ff_scanner.create_hash_children('ff_completion_event');

CREATE FUNCTION ff_notify_completion_event() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM pg_notify('ff_completion', new.event_id::text);
    RETURN new;
END
$body$;

CREATE TRIGGER ff_completion_event_notify_trg AFTER INSERT ON ff_completion_event
    FOR EACH ROW EXECUTE FUNCTION ff_notify_completion_event();
