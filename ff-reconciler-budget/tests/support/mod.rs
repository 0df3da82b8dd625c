//! What the tests share: ticks, what a budget looks like, and what the engine does to it meanwhile.

#![allow(dead_code, reason = "each test binary uses its part")]

use ff_reconciler_budget::BudgetReset;
use ff_scanner_core::{PartitionSet, Reconciler, Tick, TickContext};
use sqlx::PgPool;
use uuid::Uuid;

pub(crate) const NOW_MS: i64 = 1_800_000_000_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;

pub(crate) async fn tick(pool: &PgPool, partition: i16) -> Tick {
    tick_at(&BudgetReset::new(pool.clone()), partition, NOW_MS).await
}

pub(crate) async fn tick_at(reconciler: &BudgetReset, partition: i16, now_ms: i64) -> Tick {
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(now_ms);
    reconciler.tick(cx).await.expect("the tick succeeds")
}

/// The policy of a budget.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Policy {
    pub(crate) next_reset_at_ms: Option<i64>,
    pub(crate) last_breach_at_ms: Option<i64>,
    pub(crate) last_breach_dim: Option<String>,
    pub(crate) breach_count: i64,
    pub(crate) soft_breach_count: i64,
    pub(crate) updated_at_ms: i64,
}

pub(crate) async fn policy(pool: &PgPool, partition: i16, budget: &str) -> Policy {
    let sql = "SELECT next_reset_at_ms, last_breach_at_ms, last_breach_dim, breach_count, soft_breach_count, \
               updated_at_ms FROM ff_budget_policy WHERE partition_key = $1 AND budget_id = $2";
    sqlx::query_as(sql).bind(partition).bind(budget).fetch_one(pool).await.expect("the budget exists")
}

pub(crate) async fn next_reset_at_ms(pool: &PgPool, partition: i16, budget: &str) -> Option<i64> {
    policy(pool, partition, budget).await.next_reset_at_ms
}

/// Dimension, value, last reset and last update of a budget's usage.
pub(crate) async fn usage(pool: &PgPool, partition: i16, budget: &str) -> Vec<(String, i64, Option<i64>, i64)> {
    let sql = "SELECT dimensions_key, current_value, last_reset_at_ms, updated_at_ms FROM ff_budget_usage \
               WHERE partition_key = $1 AND budget_id = $2 ORDER BY 1";
    sqlx::query_as(sql).bind(partition).bind(budget).fetch_all(pool).await.expect("usage can be read")
}

/// What a budget has spent in all dimensions.
pub(crate) async fn spent(pool: &PgPool, partition: i16, budget: &str) -> i64 {
    usage(pool, partition, budget).await.iter().map(|(_, value, ..)| value).sum()
}

/// What a budget's ledger holds: how many entries, and their sum.
pub(crate) async fn ledger(pool: &PgPool, partition: i16, budget: &str) -> (i64, i64) {
    let sql = "SELECT count(*), COALESCE(sum(delta_total), 0)::bigint FROM ff_budget_usage_by_exec \
               WHERE partition_key = $1 AND budget_id = $2";
    sqlx::query_as(sql).bind(partition).bind(budget).fetch_one(pool).await.expect("the ledger can be read")
}

const HOLD_POLICY: &str = "SELECT policy_json FROM ff_budget_policy WHERE partition_key = $1 AND budget_id = $2 \
                           FOR NO KEY UPDATE";
const HOLD_USAGE: &str = "SELECT current_value FROM ff_budget_usage \
                          WHERE partition_key = $1 AND budget_id = $2 AND dimensions_key = 'tokens' FOR UPDATE";
const ADD_USAGE: &str = "UPDATE ff_budget_usage SET current_value = current_value + 1 \
                         WHERE partition_key = $1 AND budget_id = $2 AND dimensions_key = 'tokens'";
const ADD_ENTRY: &str = "INSERT INTO ff_budget_usage_by_exec AS ledger \
                         (partition_key, budget_id, execution_id, dimensions_key, delta_total, updated_at_ms) \
                         VALUES ($1, $2, $3, 'tokens', 1, 0) \
                         ON CONFLICT (partition_key, budget_id, execution_id, dimensions_key) \
                         DO UPDATE SET delta_total = ledger.delta_total + 1";
const HOLD_ENTRIES: &str = "SELECT delta_total FROM ff_budget_usage_by_exec \
                            WHERE partition_key = $1 AND budget_id = $2 AND execution_id = $3 FOR UPDATE";
const TAKE_USAGE: &str = "UPDATE ff_budget_usage SET current_value = GREATEST(0, current_value - $3) \
                          WHERE partition_key = $1 AND budget_id = $2 AND dimensions_key = 'tokens'";
const DROP_ENTRIES: &str = "DELETE FROM ff_budget_usage_by_exec \
                            WHERE partition_key = $1 AND budget_id = $2 AND execution_id = $3";

/// Spends 1 token in the order in which the engine locks: policy, usage, and for an execution the ledger.
pub(crate) async fn spend(
    pool: &PgPool,
    partition: i16,
    budget: &str,
    execution_id: Option<Uuid>,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    for statement in [HOLD_POLICY, HOLD_USAGE, ADD_USAGE] {
        sqlx::query(statement).bind(partition).bind(budget).execute(&mut *tx).await?;
    }
    if let Some(id) = execution_id {
        sqlx::query(ADD_ENTRY).bind(partition).bind(budget).bind(id).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// Gives back what an execution has spent, in the order in which the engine locks: ledger, usage.
pub(crate) async fn give_back(
    pool: &PgPool,
    partition: i16,
    budget: &str,
    execution_id: Uuid,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let entries = sqlx::query_scalar(HOLD_ENTRIES).bind(partition).bind(budget).bind(execution_id);
    let deltas: Vec<i64> = entries.fetch_all(&mut *tx).await?;
    for delta in deltas {
        sqlx::query(TAKE_USAGE).bind(partition).bind(budget).bind(delta).execute(&mut *tx).await?;
    }
    sqlx::query(DROP_ENTRIES).bind(partition).bind(budget).bind(execution_id).execute(&mut *tx).await?;
    tx.commit().await
}
