-- Creates the functions that verification compares rows by.
--
-- Takes and returns nothing.
-- Reads nothing.
-- Locks nothing.
-- Idempotent: no; the functions would be there already.

-- A row without what only time or wording decides: when it ended is reduced to whether, and of a time-out signal it is
-- kept that it is one and well-formed.
CREATE FUNCTION ff_scanner_demo.plain(relation text, content jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $body$
    SELECT CASE relation
    WHEN 'ff_exec_core' THEN
        (content - '{blocking_reason,cancellation_reason,cancelled_by,terminal_at_ms,raw_fields}'::text[])
        || jsonb_build_object(
            'ended', content ->> 'terminal_at_ms' IS NOT NULL,
            'raw_fields', (content -> 'raw_fields')
                - '{last_mutation_at,last_failure_message,failure_reason,lease_expired_at_ms}'::text[])
    WHEN 'ff_attempt' THEN
        (content - 'terminal_at_ms') || jsonb_build_object('ended', content ->> 'terminal_at_ms' IS NOT NULL)
    WHEN 'ff_suspension_current' THEN
        content || CASE
            WHEN jsonb_array_length(jsonb_path_query_array(content, '$.member_map.__timeout__[*]')) = 1
             AND jsonb_path_exists(content, '$.member_map.__timeout__[*] ? (
                    @.signal_name == "timeout" && @.source_type == "engine"
                    && @.signal_id like_regex "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")')
            THEN jsonb_build_object('member_map', (content -> 'member_map') || '{"__timeout__": "one signal"}')
            ELSE '{}'::jsonb END
    ELSE content END
$body$;

-- Whether a row is one that its reconciler changes.
CREATE FUNCTION ff_scanner_demo.acted(relation text, item text, k ff_scanner_demo.kind, e ff_scanner_demo.ending)
RETURNS boolean
LANGUAGE sql STABLE AS $body$
    SELECT COALESCE(CASE relation
        WHEN 'ff_exec_core' THEN e.situation IS NOT NULL
        WHEN 'ff_attempt' THEN (item = k.attempt::text) = (e.acts_on = 'current')
        WHEN 'ff_suspension_current' THEN e.suspension IS NOT NULL
        WHEN 'ff_waitpoint_pending' THEN e.suspension IN ('gone', 'resumed') END, false)
$body$;

-- What a row that is acted on must have become, as plain as that; NULL means gone.
CREATE FUNCTION ff_scanner_demo.become(
    relation text,
    content jsonb,
    k ff_scanner_demo.kind,
    e ff_scanner_demo.ending,
    s ff_scanner_demo.situation
) RETURNS jsonb
LANGUAGE sql STABLE AS $body$
    SELECT CASE relation
    WHEN 'ff_exec_core' THEN
        content || (to_jsonb(s) - 'name') || jsonb_build_object(
            'attempt_index', COALESCE(k.attempt + e.next_attempt, k.pointer),
            'payload', COALESCE(e.payload, content ->> 'payload'),
            'lease_reclaim_count', k.reclaims + (e.name = 'requeued')::integer,
            'ended', s.lifecycle_phase = 'terminal',
            'raw_fields', (content -> 'raw_fields') || CASE e.name
                WHEN 'retried' THEN jsonb_build_object('retry_count', (COALESCE(k.retry_count, '0')::integer + 1)::text)
                ELSE '{}'::jsonb END)
    WHEN 'ff_attempt' THEN
        content
        || '{"lease_expires_at_ms": null}'::jsonb
        || CASE WHEN e.outcome IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('outcome', e.outcome) END
        || CASE WHEN NOT e.fenced THEN '{}'::jsonb ELSE jsonb_build_object(
               'worker_id', NULL, 'worker_instance_id', NULL, 'lease_epoch', (content ->> 'lease_epoch')::bigint + 1) END
        || CASE WHEN e.restarts THEN '{"started_at_ms": null}'::jsonb ELSE '{}'::jsonb END
        || CASE WHEN e.outcome IS NULL OR e.restarts THEN '{}'::jsonb ELSE '{"ended": true}'::jsonb END
    WHEN 'ff_suspension_current' THEN CASE e.suspension
        WHEN 'resumed' THEN content || '{"timeout_at_ms": null}'
            || jsonb_build_object('member_map', (content -> 'member_map') || '{"__timeout__": "one signal"}')
        WHEN 'escalated' THEN content
            || '{"timeout_at_ms": null, "timeout_behavior": null, "reason_code": "waiting_for_operator_review"}'
        WHEN 'cleared' THEN content || '{"timeout_at_ms": null}' END
    END
$body$;
