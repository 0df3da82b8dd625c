-- A signal was delivered, for whoever watches.
-- Not partitioned; partition_key only says where the execution lives.

CREATE TABLE ff_signal_event (
    event_id bigserial PRIMARY KEY,
    execution_id text NOT NULL, -- the bare uuid
    signal_id text NOT NULL,
    waitpoint_id text,
    source_identity text,
    delivered_at_ms bigint NOT NULL,
    partition_key integer NOT NULL,
    namespace text,
    instance_tag text
);

CREATE INDEX ff_signal_event_partition_key_idx ON ff_signal_event (partition_key, event_id);
CREATE INDEX ff_signal_event_namespace_idx ON ff_signal_event (partition_key, namespace) WHERE namespace IS NOT NULL;
CREATE INDEX ff_signal_event_instance_tag_idx ON ff_signal_event (partition_key, instance_tag)
    WHERE instance_tag IS NOT NULL;

CREATE FUNCTION ff_notify_signal_event() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM pg_notify('ff_signal_event', new.event_id::text);
    RETURN new;
END
$body$;

CREATE TRIGGER ff_signal_event_notify_trg AFTER INSERT ON ff_signal_event
    FOR EACH ROW EXECUTE FUNCTION ff_notify_signal_event();
