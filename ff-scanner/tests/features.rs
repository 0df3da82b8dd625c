//! Does a build register exactly what its features ask for?

use ff_scanner::core::{Scheduler, postgres};
use ff_scanner::{Config, names, register_enabled};

/// What each feature makes available, in the order of registration.
const FEATURES: [(bool, &[&str]); 6] = [
    (cfg!(feature = "attempt-timeout"), &["attempt_timeout"]),
    (cfg!(feature = "budget"), &["budget_reset"]),
    (cfg!(feature = "deps"), &["dependency"]),
    (cfg!(feature = "edge-cancel"), &["edge_cancel_dispatcher", "edge_cancel_reconciler"]),
    (cfg!(feature = "lease-expiry"), &["lease_expiry"]),
    (cfg!(feature = "suspension"), &["suspension_timeout"]),
];

#[tokio::test]
async fn a_build_registers_what_its_features_name_and_nothing_else() {
    let chosen = FEATURES.into_iter().filter(|(on, _)| *on).flat_map(|(_, names)| names).copied();
    let expected: Vec<&str> = chosen.collect();
    assert_eq!(names(), expected);

    // No connection is made: registering is no running.
    let pool = postgres::pool("postgres://localhost/nowhere".parse().expect("it is a URL"), 1);
    let built = register_enabled(Scheduler::builder(), &Config::new(pool.clone())).build();
    assert_eq!(built.map(|scheduler| scheduler.names()).unwrap_or_default(), expected);

    let none = register_enabled(Scheduler::builder(), &Config::new(pool).with_only(["no such name"])).build();
    assert!(none.is_err(), "a name that is not asked for does not run");
}
