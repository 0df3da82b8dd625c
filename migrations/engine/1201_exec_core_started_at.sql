-- When the first attempt began, without a look at ff_attempt. Rows that are already there keep NULL.

ALTER TABLE ff_exec_core ADD COLUMN started_at_ms bigint;
