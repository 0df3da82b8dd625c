-- Takes the time-out off suspensions of one partition that stay, and writes the signal or the review that came of it.
--
-- $1 smallint  partition_key
-- $2 uuid[]    execution_id of each suspension
-- $3 bigint    the time, milliseconds since the epoch; NULL means the server's clock
-- $4 text[]    what was done about each: resumed, escalated, stale
--
-- Returns nothing.
-- Reads by the primary key of ff_suspension_current.
-- Locks nothing that time_out.sql, in whose transaction it runs, has not locked.
-- Idempotent: a suspension without a time-out is not due again.
UPDATE ff_suspension_current AS suspension
   SET timeout_at_ms = NULL,
       timeout_behavior = CASE word WHEN 'escalated' THEN NULL ELSE suspension.timeout_behavior END,
       reason_code = CASE word WHEN 'escalated' THEN 'waiting_for_operator_review' ELSE suspension.reason_code END,
       -- Entries without a signal_id are invisible to the readers, and anything but an object corrupts the row.
       member_map = CASE WHEN word <> 'resumed' THEN suspension.member_map
           ELSE CASE jsonb_typeof(suspension.member_map) WHEN 'object' THEN suspension.member_map ELSE '{}' END
                || jsonb_build_object('__timeout__', jsonb_build_array(jsonb_build_object(
                   'signal_id', gen_random_uuid(),
                   'signal_name', 'timeout',
                   'signal_category', 'timeout',
                   'source_type', 'engine',
                   'source_identity', 'suspension_timeout',
                   'correlation_id', '',
                   'accepted_at', COALESCE($3::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint),
                   'payload_hex', NULL))) END
  FROM unnest($2::uuid[], $4::text[]) AS staying (execution_id, word)
 WHERE suspension.partition_key = $1
   AND suspension.execution_id = staying.execution_id
