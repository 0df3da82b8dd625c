//! A private Postgres, seeders and the conformance suite for any reconciler.
