-- Takes groups out of the queue, without any check.
--
-- $1 smallint  partition_key
-- $2 text[]    groups
DELETE FROM ff_pending_cancel_groups AS queue
 USING unnest($2::text[]) AS key (name)
 WHERE queue.partition_key = $1
   AND queue.flow_id = split_part(key.name, '/', 1)::uuid
   AND queue.downstream_eid = split_part(key.name, '/', 2)::uuid
