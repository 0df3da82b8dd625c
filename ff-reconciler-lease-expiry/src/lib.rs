//! Releases leases whose worker stopped renewing them.
