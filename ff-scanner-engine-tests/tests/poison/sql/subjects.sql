-- Decides which subjects there are, of each kind and by number, and which ids their rows get. One in four is good.
--
-- $1 integer  how many of each kind
-- $2 integer  number of partitions
WITH wanted AS (
    SELECT kind, n, (n % $2::integer)::smallint AS partition_key
      FROM unnest('{lapsed,overdue,suspended,told,flagged,stale,budget}'::text[]) AS kind
     CROSS JOIN generate_series(1, $1::integer) AS n
)
INSERT INTO subject (kind, n, good, partition_key, execution_id, flow_id, upstream, sibling, edge_id)
SELECT kind, n, n / $2 % 4 = 0, partition_key, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
       gen_random_uuid(), gen_random_uuid()
  FROM wanted
