#![doc = include_str!("../README.md")]

mod delayed_promoter;
mod grant_expiry;
mod migrate;

pub use delayed_promoter::{DelayedPromoter, LOOK_SQL as LOOK_DELAYS_SQL, PROMOTE_SQL};
pub use grant_expiry::{GrantExpiry, LOOK_SQL as LOOK_GRANTS_SQL, PUT_BACK_SQL};
pub use migrate::migrate;
