-- Counts the statements that were run in this database, without transaction control and without the bench's own.
SELECT COALESCE(sum(calls), 0)::bigint
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query !~* '^\s*(begin|commit|rollback|set|reset)\M'
   AND query !~* 'pg_stat_statements|pg_stat_user_tables'
