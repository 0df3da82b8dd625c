-- One row per sibling to cancel. The engine creates it; nothing reads or writes it.

CREATE TABLE ff_cancel_dispatch_outbox (
    partition_key smallint,
    flow_id uuid,
    downstream_eid uuid,
    target_exec_id uuid,
    reason text NOT NULL,
    enqueued_at_ms bigint NOT NULL,
    PRIMARY KEY (partition_key, flow_id, downstream_eid, target_exec_id)
) PARTITION BY HASH (partition_key);

CREATE INDEX ff_cancel_dispatch_outbox_enqueued_idx ON ff_cancel_dispatch_outbox (partition_key, enqueued_at_ms);

SELECT ff_scanner.create_hash_children('ff_cancel_dispatch_outbox');
