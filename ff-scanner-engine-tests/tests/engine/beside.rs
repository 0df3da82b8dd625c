//! What becomes of executions while the engine's own loops and all of ours run on the same tables?

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use ff_scanner::core::{ErrorKind, Outcome, PartitionCount, PartitionCounts, Scheduler, SchedulerHandle};
use ff_scanner::{Config, register_enabled};
use ff_scanner_engine_tests::bench::{Bench, LONG_MS, SHORT_MS, WINDOW_MS};
use ff_scanner_engine_tests::checks;
use ff_scanner_engine_tests::checks::Cell::Works;
use ff_scanner_engine_tests::engine::{Budget, Execution, Group, Loops, Stop};
use futures_util::future::select;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::dag::Dag;

/// Of each kind.
const EACH: usize = 20;
const BUDGETS: i16 = 16;
/// Of both, so that each is as likely as the other to come first.
const INTERVAL: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than the engine takes from marking an event to applying it, as is right where its loops run: what is healed before
/// that, it counts once more.
const HEAL_AFTER: Duration = Duration::from_secs(8);

/// What may be told of an execution in the end, by what it went through: phases; completions; leases.
const STORIES: &[(&str, &[&str])] = &[
    ("crashed", &["runnable active terminal; success; acquired expired acquired revoked"]),
    ("overdue", &["terminal; expired; acquired expired"]),
    // The engine's own loop calls a suspension that fails by its time-out expired.
    (
        "suspended",
        &[
            "terminal; failed; acquired revoked",
            "terminal; cancelled; acquired revoked",
            "terminal; expired; acquired revoked",
        ],
    ),
    ("root", &["terminal; success; acquired revoked"]),
    ("child", &["runnable active terminal; success; acquired revoked"]),
    ("failed", &["terminal; failed; acquired revoked"]),
    ("skipped", &["terminal; skipped; "]),
    // The engine's own dispatcher tells nobody.
    ("loser", &["terminal; cancelled; acquired revoked", "terminal; ; acquired"]),
];

/// Executions of all kinds, most of which are due.
struct Crowd<'a> {
    bench: &'a Bench,
    kinds: BTreeMap<Uuid, &'static str>,
    budgets: Vec<Budget>,
    /// Those that win, fail and lose once the loops run.
    flows: Vec<Box<dyn ff_scanner_engine_tests::engine::Worker>>,
}

impl<'a> Crowd<'a> {
    async fn gather(bench: &'a Bench) -> Result<Self, Stop> {
        let mut crowd = Self { bench, kinds: BTreeMap::new(), budgets: Vec::new(), flows: Vec::new() };
        for _ in 0..EACH {
            crowd.flow().await?;
        }
        crowd.flows = Dag::new(bench).await?.claim().await?.into_values().collect();
        for place in 0..EACH {
            // Without retries, the engine's own attempt time-out ends what has lost its worker.
            let retries = json!({"retry_policy": {"max_retries": 3}});
            crowd.kinds.insert(bench.started(retries, SHORT_MS).await?.execution().id, "crashed");
            let impatient = json!({"timeout_policy": {"attempt_timeout_ms": 1}, "retry_policy": {"max_retries": 0}});
            crowd.kinds.insert(bench.started(impatient, LONG_MS).await?.execution().id, "overdue");
            let worker = bench.started(json!({}), LONG_MS).await?;
            // What resumes by its time-out stays suspended for ever when the engine's own loop comes first.
            let behavior = ["fail", "cancel", "expire"][place % 3];
            worker.suspend(bench.engine().now_ms(), behavior).await?;
            crowd.kinds.insert(worker.execution().id, "suspended");
        }
        for partition in 0..BUDGETS {
            let budget = bench.engine().create_budget(partition, WINDOW_MS, 10).await?;
            bench.engine().report_usage(&budget, 10).await?;
            let query = sqlx::query(include_str!("sql/begin_window.sql")).bind(partition).bind(budget.id);
            let query = query.bind(i64::try_from(WINDOW_MS).expect("an hour"));
            query.execute(&bench.pool()).await.expect("a legal row");
            crowd.budgets.push(budget);
        }
        Ok(crowd)
    }

    /// A fan-in and a chain below it, a failure and what it skips, and a race with its loser.
    async fn flow(&mut self) -> Result<(), Stop> {
        let dag = Dag::new(self.bench).await?;
        let (left, right) = (dag.root().await?, dag.root().await?);
        let bottom = dag.child(Group::All, &[left, right]).await?;
        let below = dag.child(Group::All, &[bottom]).await?;
        let (failed, winner, loser) = (dag.root().await?, dag.root().await?, dag.root().await?);
        let skipped = dag.child(Group::All, &[failed, left]).await?;
        let cascaded = dag.child(Group::All, &[skipped]).await?;
        let won = dag.child(Group::Any { cancel: true }, &[winner, loser]).await?;
        let lost = dag.child(Group::All, &[loser]).await?;
        let mut are = |kind, members: &[Execution]| self.kinds.extend(members.iter().map(|member| (member.id, kind)));
        are("root", &[left, right, winner]);
        are("child", &[bottom, below, won]);
        are("failed", &[failed]);
        are("skipped", &[skipped, cascaded, lost]);
        are("loser", &[loser]);
        Ok(())
    }

    /// Lets the workers of the flows' roots do what they are there for, and then works on whatever is claimable until
    /// nothing is left.
    async fn work(&self) -> Result<(), Stop> {
        for worker in &self.flows {
            match self.kinds[&worker.execution().id] {
                "failed" => worker.give_up().await?,
                "loser" => {}
                _ => worker.complete(b"done").await?,
            }
        }
        let deadline = Instant::now() + PATIENCE;
        let pool = self.bench.pool();
        loop {
            match self.bench.engine().claim(&self.bench.lane, LONG_MS).await {
                Ok(worker) => worker.complete(b"done").await?,
                Err(Stop::Said(text)) if text == "nothing to claim" => sleep(INTERVAL).await,
                Err(stop) => return Err(stop),
            }
            let query = sqlx::query_scalar(include_str!("sql/live.sql")).bind(0_i16).bind(&self.bench.lane);
            let live: i64 = query.fetch_one(&pool).await.expect("they can be counted");
            if live == 0 {
                return Ok(());
            }
            assert!(Instant::now() < deadline, "{live} never end: {:#?}", self.stories().await);
        }
    }

    /// What was told, of whom that ought to be, and how often.
    async fn stories(&self) -> BTreeMap<(&'static str, String), usize> {
        let pool = self.bench.pool();
        let mut stories = BTreeMap::new();
        for (id, kind) in &self.kinds {
            let query = sqlx::query_scalar(include_str!("sql/story.sql")).bind(id.to_string());
            let story: String = query.fetch_one(&pool).await.expect("it can be read");
            *stories.entry((*kind, story)).or_default() += 1;
        }
        stories
    }

    async fn check(&self) -> Result<(), Stop> {
        for ((kind, story), number) in self.stories().await {
            let (_, right) = STORIES.iter().find(|(of, _)| *of == kind).expect("a known kind");
            if !right.contains(&&*story) {
                return Err(Stop::Said(format!("{number} {kind}: {story}")));
            }
        }
        let query = sqlx::query_scalar(include_str!("sql/wrong_groups.sql")).bind(0_i16).bind(&self.bench.lane);
        let wrong: Vec<String> = query.fetch_all(&self.bench.pool()).await.expect("groups can be read");
        if !wrong.is_empty() {
            return Err(Stop::Said(format!("{wrong:#?}")));
        }
        for budget in &self.budgets {
            let query = sqlx::query_scalar(include_str!("sql/story.sql")).bind(budget.id.to_string());
            let story: String = query.fetch_one(&self.bench.pool()).await.expect("it can be read");
            let reading = self.bench.engine().budget(budget).await?;
            let next_ms = reading.next_reset_at_ms.unwrap_or_default();
            if story != "window; ; " || reading.spent != 0 || next_ms <= self.bench.engine().now_ms() {
                return Err(Stop::Said(format!("{story}{reading:?}")));
            }
        }
        Ok(())
    }
}

fn start_ours(bench: &Bench) -> SchedulerHandle {
    let mut config = Config::new(bench.database().pool(6)).with_interval(INTERVAL);
    config.dependency.heal_after = Some(HEAL_AFTER);
    let flow = PartitionCount::new(1).expect("within bounds");
    let counts = PartitionCounts { flow, ..PartitionCounts::default() };
    let builder = register_enabled(Scheduler::builder().partitions(counts), &config);
    builder.build().expect("the set is valid").spawn()
}

/// Ends with the first error of a whole tick, if there is any.
async fn trouble(ours: &SchedulerHandle) -> Result<(), Stop> {
    loop {
        for status in ours.status() {
            if let Some(Outcome::Failed { error, kind }) = status.last_outcome
                && kind != ErrorKind::Contention
            {
                return Err(Stop::Said(format!("{}: {error}", status.name)));
            }
        }
        sleep(INTERVAL).await;
    }
}

async fn deadlocks(bench: &Bench) -> i64 {
    let query = sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    query.fetch_one(&bench.pool()).await.expect("statistics can be read")
}

/// Lets both run over a crowd.
async fn both(bench: &Bench) -> Result<(), Stop> {
    let crowd = Crowd::gather(bench).await?;
    sqlx::raw_sql(include_str!("sql/record.sql")).execute(&bench.pool()).await.expect("changes can be recorded");
    let before = deadlocks(bench).await;
    let theirs: Box<dyn Loops> =
        bench.version.start_loops(bench.database(), 1, INTERVAL).await.expect("the engine's loops start");
    let ours = start_ours(bench);

    let work = async {
        crowd.work().await?;
        // Whatever has ended is looked at once more.
        sleep(HEAL_AFTER + HEAL_AFTER / 2).await;
        Ok(())
    };
    select(pin!(work), pin!(trouble(&ours))).await.factor_first().0?;

    assert_eq!(theirs.stop(PATIENCE).await, 0, "the engine's loops hang");
    let mut changed = 0;
    for status in ours.status() {
        assert_eq!((status.panics, status.failed), (0, 0), "{}: {status:?}", status.name);
        changed += status.changed;
    }
    ours.shutdown(PATIENCE).await;
    assert!(changed > 0, "the engine's loops left nothing to ours");
    assert_eq!(deadlocks(bench).await, before, "deadlocks");
    crowd.check().await
}

checks! {
    BESIDE: "All of the engine's own loops run at the same time";
    nothing_is_done_twice: "executions of every kind: each is moved once and told of once, and no transaction is a \
                            deadlock's victim",
        [Works],
        async |bench| both(&Bench::own(bench.version).await).await;
}
