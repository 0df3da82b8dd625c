//! The statements, as they are run.

/// Finds pending events.
pub const LOOK_TOLD: &str = include_str!("../sql/look_told.sql");
/// Finds children that wait.
pub const LOOK_WAITING: &str = include_str!("../sql/look_waiting.sql");
/// Finds upstreams of theirs that have ended without a pending event.
pub const LOOK_UNTOLD: &str = include_str!("../sql/look_untold.sql");
/// Locks pending events.
pub const LOCK_TOLD: &str = include_str!("../sql/lock_told.sql");
/// Says how executions ended.
pub const JUDGE_UNTOLD: &str = include_str!("../sql/judge_untold.sql");
/// Locks the groups below ended executions.
pub const LOCK_GROUPS: &str = include_str!("../sql/lock_groups.sql");
/// Opens groups whose child was replayed.
pub const REOPEN: &str = include_str!("../sql/reopen.sql");
/// Locks edges, and counts those of their groups.
pub const WEIGH: &str = include_str!("../sql/weigh.sql");
/// Gives children the results of upstreams.
pub const PASS_DATA: &str = include_str!("../sql/pass_data.sql");
/// Makes children claimable.
pub const PROMOTE: &str = include_str!("../sql/promote.sql");
/// Ends children as skipped.
pub const SKIP: &str = include_str!("../sql/skip.sql");
/// Marks edges as resolved and events as dispatched, and writes the counts of groups.
pub const SETTLE: &str = include_str!("../sql/settle.sql");
/// Asks for the cancellation of what a decided group does not need.
pub const ASK_CANCEL: &str = include_str!("../sql/ask_cancel.sql");
