-- Reads what the server has written to its log, and how many row versions have been left behind in this database.
SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
       (SELECT COALESCE(sum(n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables)
