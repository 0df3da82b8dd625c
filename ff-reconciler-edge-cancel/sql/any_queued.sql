-- Says whether there is any queue entry, which costs a tenth of what it costs to find none by the other looks.
--
-- Returns one boolean.
-- Reads by no index: the first entry of ff_pending_cancel_groups is all that it needs.
-- Locks nothing.
-- Idempotent: it only reads.
SELECT EXISTS (SELECT FROM ff_pending_cancel_groups)
