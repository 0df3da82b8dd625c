-- Counts the live leases.
SELECT count(*) FROM ff_attempt WHERE lease_expires_at_ms IS NOT NULL
