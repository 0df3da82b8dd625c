-- Finds completion events whose effects are not applied yet, oldest first within each partition.
--
-- $1 bigint    most events
-- $2 text      namespace to keep to; NULL means all
-- $3 text      key of the tag to keep to; NULL means all
-- $4 text      value of that tag
-- $5 bigint[]  events to leave out
--
-- Returns partition_key, event_id, execution_id, flow_id.
-- Reads by ff_completion_event_pending_dispatch_idx (partition_key, committed_at_ms), and by the primary key of
-- ff_exec_core where there is a filter.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT event.partition_key, event.event_id, event.execution_id, event.flow_id
  FROM ff_completion_event AS event
 WHERE event.dispatched_at_ms IS NULL
   -- if avoiding
   AND event.event_id NOT IN (SELECT unnest($5::bigint[]))
   -- end if
   -- if filtered
   -- Most writers leave the event's columns empty, some fill them where core says nothing: both sources count.
   AND ($2::text IS NULL
        OR COALESCE(event.namespace, (
           SELECT core.raw_fields ->> 'namespace'
             FROM ff_exec_core AS core
            WHERE core.partition_key = event.partition_key AND core.execution_id = event.execution_id)) = $2)
   AND ($3::text IS NULL
        OR CASE
           WHEN event.instance_tag = $3 || '=' || $4::text THEN true
           -- A bare value speaks of this one tag, and a pair of another tag says nothing of the one that is wanted.
           WHEN event.instance_tag IS NOT NULL AND $3 = 'cairn.instance_id' THEN event.instance_tag = $4
           ELSE (SELECT core.raw_fields -> 'tags' ->> $3
                   FROM ff_exec_core AS core
                  WHERE core.partition_key = event.partition_key AND core.execution_id = event.execution_id) = $4
           END)
   -- end if
 -- In the order of the index, so that it is read no further than the limit.
 ORDER BY event.partition_key, event.committed_at_ms
 LIMIT $1::bigint
