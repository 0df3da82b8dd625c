-- Every id that a failure may name a spoilt subject by.
SELECT unnest(ARRAY[execution_id::text, flow_id::text, upstream::text, sibling::text, event_id::text])
  FROM subject
  LEFT JOIN LATERAL (
       SELECT event_id FROM ff_completion_event AS event
        WHERE event.partition_key = subject.partition_key AND event.execution_id = subject.upstream) AS event ON true
 WHERE NOT good
