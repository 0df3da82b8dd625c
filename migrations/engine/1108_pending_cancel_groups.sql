-- The queue of edge groups whose siblings are to be cancelled.

CREATE TABLE ff_pending_cancel_groups (
    partition_key smallint,
    flow_id uuid,
    downstream_eid uuid,
    enqueued_at_ms bigint NOT NULL,
    PRIMARY KEY (partition_key, flow_id, downstream_eid)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_pending_cancel_groups_enqueued_idx ON ff_pending_cancel_groups (partition_key, enqueued_at_ms);

SELECT ff_scanner.create_hash_children('ff_pending_cancel_groups');
