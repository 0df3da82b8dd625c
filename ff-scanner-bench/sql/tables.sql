-- Lists the tables that rows are written to.
SELECT format('%I', relname)
  FROM pg_class
 WHERE relname LIKE 'ff\_%' AND relnamespace = 'public'::regnamespace AND relkind IN ('p', 'r') AND NOT relispartition
