//! Does the documentation say what the tests expect?

use std::{env, fs};

use ff_scanner_engine_tests::checks::Section;
use ff_scanner_engine_tests::table::render;

use crate::{
    attempt_timeout, beside, budget_reset, dependency, edge_cancel, flows, lease_expiry, leavings, subscribers,
    suspended_again, suspension_timeout, traps,
};

const SECTIONS: &[&Section] = &[
    &lease_expiry::PUT_BACK,
    &lease_expiry::TYPED_PUT_BACK,
    &lease_expiry::MARKED,
    &lease_expiry::GIVEN_UP,
    &lease_expiry::LOST,
    &attempt_timeout::RETRIED,
    &attempt_timeout::EXPIRED,
    &attempt_timeout::LOST,
    &suspension_timeout::AUTO_RESUMED,
    &suspension_timeout::ENDED,
    &suspension_timeout::ESCALATED,
    &budget_reset::RESET,
    &dependency::PROMOTED,
    &dependency::SKIPPED,
    &edge_cancel::CANCELLED,
    &flows::FLOWS,
    &subscribers::COMPLETIONS,
    &subscribers::LEASES,
    &traps::TRAPS,
    &suspended_again::SUSPENDED_AGAIN,
    &leavings::LEAVINGS,
    &beside::BESIDE,
];
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/engine-compatibility.md");

#[test]
fn the_page_says_what_the_tests_expect() {
    let page = render(SECTIONS);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "docs/engine-compatibility.md is stale; UPDATE_DOCS=1 rewrites it");
}
