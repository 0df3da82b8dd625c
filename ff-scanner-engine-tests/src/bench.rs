//! What does one test have to itself?

use std::sync::atomic::{AtomicI16, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use ff_scanner::budget::BudgetReset;
use ff_scanner::core::{Backlog, Filter, Global, Partitioned, Reconciler, TickContext, TickReason, TickReport};
use ff_scanner_testkit::{Database, Server};
use futures_util::StreamExt;
use serde_json::Value;
use sqlx::PgPool;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::engine::{
    Budget, Claimed, Engine, Events, Execution, Flow, NewExecution, Reading, Stop, Version, Worker, said,
};

/// A lease that has lapsed by the time that somebody looks.
pub const SHORT_MS: u32 = 1;
/// A lease that no test outlives.
pub const LONG_MS: u32 = 600_000;

/// The partition of executions without a flow: the only one whose leases the engine's own subscribers see.
pub const PARTITION: i16 = 0;
const BUDGET_PARTITIONS: i16 = 32;
/// How long a window of a budget is, milliseconds.
pub const WINDOW_MS: u64 = 3_600_000;
const CONNECTIONS: u32 = 6;
/// Longer than anything takes, even on a machine that compiles at the same time.
const PATIENCE: Duration = Duration::from_mins(1);

/// The tag whose value events carry.
const INSTANCE: &str = "cairn.instance_id";

/// A kind of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of `subscribe_completion`.
    Completion,
    /// Those of `subscribe_lease_history`.
    Lease,
}

/// Runs a test on the runtime that all of them share: a connection is quick only once it has learned the engine's
/// thousands of tables, and cannot outlive its runtime.
///
/// # Panics
///
/// When there is no runtime to be had.
pub fn run<F: Future>(test: F) -> F::Output {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    RUNTIME.get_or_init(runtime).block_on(test)
}

/// A database with an engine, which the tests of a version share.
struct World {
    // In the order in which they have to go.
    engine: Arc<dyn Engine>,
    pool: PgPool,
    database: Arc<Database>,
}

/// The world of a version.
struct Slot {
    last: Weak<World>,
    /// Keeps it to the end of the process: its connections take a while to become quick.
    kept: Option<Arc<World>>,
}

impl Slot {
    const EMPTY: Self = Self { last: Weak::new(), kept: None };
}

impl World {
    async fn of(version: Version) -> Arc<Self> {
        static WORLDS: [Mutex<Slot>; 2] = [Mutex::const_new(Slot::EMPTY), Mutex::const_new(Slot::EMPTY)];
        let mut slot = WORLDS[version as usize].lock().await;
        if let Some(world) = slot.last.upgrade() {
            return world;
        }
        let template = template(version).await;
        let database = Database::shared_clone_of(&template).await.expect("a database");
        let world = Arc::new(Self::on(version, database).await);
        slot.last = Arc::downgrade(&world);
        // As the database: on somebody else's server it must go with the last test that holds it.
        slot.kept = template.server().directory().is_some().then(|| Arc::clone(&world));
        world
    }

    async fn on(version: Version, database: Arc<Database>) -> Self {
        let engine = version.connect(&database).await.expect("the engine starts");
        Self { engine, pool: database.pool(CONNECTIONS), database }
    }
}

async fn template(version: Version) -> ff_scanner_testkit::Template {
    let server = Server::shared().expect("a server");
    let fill = async |database: &Database| version.migrate(database).await;
    Database::template_with(&server, &format!("engine {version}, by itself"), fill).await.expect("a template")
}

/// A part of a database with an engine: a lane and a namespace that no other test uses.
pub struct Bench {
    /// Which engine it is.
    pub version: Version,
    /// The lane of its executions.
    pub lane: String,
    /// Their namespace.
    pub namespace: String,
    world: Arc<World>,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").field("version", &self.version).field("lane", &self.lane).finish_non_exhaustive()
    }
}

impl Bench {
    /// A part of the database that the tests of `version` share.
    ///
    /// # Panics
    ///
    /// When there is no such database to be had.
    pub async fn new(version: Version) -> Self {
        Self::in_world(version, World::of(version).await)
    }

    /// A database of its own, for a test that lets something run over all of it.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    pub async fn own(version: Version) -> Self {
        let database = Database::clone_of(&template(version).await).await.expect("a database");
        Self::in_world(version, Arc::new(World::on(version, Arc::new(database)).await))
    }

    fn in_world(version: Version, world: Arc<World>) -> Self {
        let name = Uuid::new_v4().simple().to_string();
        Self { version, lane: format!("lane-{name}"), namespace: format!("tenant-{name}"), world }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.world.engine
    }

    /// Where the reconcilers meet it.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        self.world.pool.clone()
    }

    /// The database of both.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.world.database
    }

    /// Restricts a reconciler to the executions of this test.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::default().with_namespace(&self.namespace)
    }

    /// What is to be created here.
    #[must_use]
    pub fn blank(&self, policy: Value) -> NewExecution {
        NewExecution {
            partition: PARTITION,
            lane: self.lane.clone(),
            namespace: self.namespace.clone(),
            instance: self.lane.clone(),
            policy,
        }
    }

    /// Creates an execution with that policy, and makes it claimable.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn execution(&self, policy: Value) -> Result<Execution, Stop> {
        let execution = self.engine().create(&self.blank(policy)).await?;
        self.promote(execution).await;
        Ok(execution)
    }

    /// Makes an execution claimable that was only created.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub async fn promote(&self, execution: Execution) {
        self.write(include_str!("sql/promote.sql"), execution, None).await;
    }

    /// Creates an execution with that policy, and claims it for that long.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn started(&self, policy: Value, lease_ms: u32) -> Result<Box<dyn Worker>, Stop> {
        self.execution(policy).await?;
        self.engine().claim(&self.lane, lease_ms).await
    }

    /// Lets the events of `execution` be lost, as by a crash of the engine's dispatcher.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub async fn lose_events(&self, execution: Execution) {
        self.write(include_str!("sql/lose_events.sql"), execution, None).await;
    }

    /// Lets the queue entries of `flow` be lost, as by a restore of a part of the database.
    ///
    /// # Panics
    ///
    /// When there is none to lose.
    pub async fn lose_entries(&self, flow: Flow) {
        let query = sqlx::query(include_str!("sql/lose_entries.sql")).bind(flow.partition).bind(flow.id);
        let lost = query.execute(&self.world.pool).await.expect("entries can be deleted");
        assert!(lost.rows_affected() > 0, "nothing is queued");
    }

    /// Lets what tells of `executions`, all of one partition, have come at one instant.
    ///
    /// # Panics
    ///
    /// When fewer than two events tell of them.
    pub async fn tell_at_once(&self, executions: &[Execution]) {
        let ids: Vec<Uuid> = executions.iter().map(|execution| execution.id).collect();
        let query = sqlx::query(include_str!("sql/tell_at_once.sql")).bind(PARTITION).bind(ids);
        let told = query.execute(&self.world.pool).await.expect("a legal row");
        assert!(told.rows_affected() > 1, "nothing comes at once");
    }

    /// Lets the group of `child` list `members` as those that are to be cancelled.
    ///
    /// # Panics
    ///
    /// When no member is to be cancelled.
    pub async fn list_members(&self, flow: Flow, child: Execution, members: &[String]) {
        let query = sqlx::query(include_str!("sql/list_members.sql")).bind(flow.partition).bind(flow.id);
        let listed = query.bind(child.id).bind(members).execute(&self.world.pool).await.expect("a legal row");
        assert_eq!(listed.rows_affected(), 1, "the group is not flagged");
    }

    /// Whom the group of `child` lists as to be cancelled, as long as it is flagged and in the queue.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub async fn listed_members(&self, flow: Flow, child: Execution) -> Option<Vec<String>> {
        let query = sqlx::query_scalar(include_str!("sql/listed_members.sql")).bind(flow.partition).bind(flow.id);
        query.bind(child.id).fetch_optional(&self.world.pool).await.expect("groups can be read")
    }

    /// Lets a retry of `execution` that is delayed begin.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub async fn promote_delayed(&self, execution: Execution) {
        self.write(include_str!("sql/promote_delayed.sql"), execution, None).await;
    }

    /// Grants `execution` to the worker of the tests.
    ///
    /// # Panics
    ///
    /// When the engine has no grants.
    async fn grant(&self, execution: Execution) {
        self.write(include_str!("sql/grant.sql"), execution, Some(self.engine().now_ms() + 60_000)).await;
    }

    /// Claims `execution` by `claim_execution`, with a grant.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn claim_execution(&self, execution: Execution, lease_ms: u32) -> Claimed {
        let first = self.engine().claim_execution(execution, &self.lane, lease_ms).await;
        match first {
            Err(Stop::Said(text)) if text.contains("InvalidClaimGrant") => {
                self.grant(execution).await;
                self.engine().claim_execution(execution, &self.lane, lease_ms).await
            }
            answer => answer,
        }
    }

    async fn write(&self, sql: &'static str, execution: Execution, ms: Option<i64>) {
        let mut query = sqlx::query(sql).bind(execution.partition).bind(execution.id);
        if let Some(ms) = ms {
            query = query.bind(ms);
        }
        query.execute(&self.world.pool).await.expect("a legal row");
    }

    /// All that is written of `execution`, as text.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub async fn rows(&self, execution: Execution) -> String {
        let query = sqlx::query_scalar(include_str!("sql/rows.sql")).bind(execution.partition).bind(execution.id);
        query.fetch_one(&self.world.pool).await.expect("rows can be read")
    }

    /// Creates a budget with a window of an hour, in a partition that no other test uses.
    ///
    /// # Errors
    ///
    /// What the engine says.
    ///
    /// # Panics
    ///
    /// When there are more tests than partitions of budgets.
    pub async fn budget(&self, limit: u64) -> Result<Budget, Stop> {
        static NEXT: [AtomicI16; 2] = [AtomicI16::new(0), AtomicI16::new(0)];
        let partition = NEXT[self.version as usize].fetch_add(1, Ordering::Relaxed);
        assert!(partition < BUDGET_PARTITIONS, "there are more tests than partitions of budgets");
        self.engine().create_budget(partition, WINDOW_MS, limit).await
    }

    /// A cycle of `budget_reset` over the partition of `budget` at that time, milliseconds since the epoch.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn reset_budgets(&self, budget: &Budget, now_ms: i64) -> TickReport {
        let cx = TickContext::over([budget.partition].into_iter().collect()).pinned(now_ms);
        let tick = BudgetReset::new(self.pool()).tick(cx).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(tick.report.failures, []);
        tick.report
    }

    /// The words of all events of `execution` that `events` delivers, to the last that there is.
    ///
    /// # Errors
    ///
    /// What the engine says.
    ///
    /// # Panics
    ///
    /// When the last one cannot be written.
    pub async fn words(&self, events: Events, kind: Kind, execution: Execution) -> Result<Vec<String>, Stop> {
        let last = Execution { partition: PARTITION, id: Uuid::new_v4() };
        let (sql, tag) = match kind {
            Kind::Completion => (include_str!("sql/last_completion.sql"), format!("{INSTANCE}={}", self.lane)),
            Kind::Lease => (include_str!("sql/last_lease.sql"), self.lane.clone()),
        };
        let query = sqlx::query(sql).bind(last.partition).bind(last.id).bind(&self.namespace).bind(tag);
        query.execute(&self.world.pool).await.expect("a legal row");
        let until_last = async {
            let mut events = events;
            let mut words = Vec::new();
            while let Some(event) = events.next().await {
                let (of, word) = event?;
                if of == last {
                    return Ok(words);
                }
                words.extend((of == execution).then_some(word));
            }
            Err(Stop::Said("the subscription ended".to_owned()))
        };
        timeout(PATIENCE, until_last).await.map_err(said)?
    }

    /// Restricts a subscription to the executions of this test, by their tag.
    #[must_use]
    pub fn tag_filter(&self) -> Filter {
        Filter::default().with_instance_tag(INSTANCE, &self.lane)
    }

    /// One cycle of a partitioned reconciler over the executions of this test.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn cycle(&self, reconciler: &impl Reconciler<Scope = Partitioned>) -> TickReport {
        self.cycle_in(reconciler, self.context()).await
    }

    /// The same at that time, milliseconds since the epoch.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn cycle_at(&self, reconciler: &impl Reconciler<Scope = Partitioned>, now_ms: i64) -> TickReport {
        self.cycle_in(reconciler, self.context().pinned(now_ms)).await
    }

    fn context(&self) -> TickContext<Partitioned> {
        TickContext::over([PARTITION].into_iter().collect()).filtered(self.filter())
    }

    async fn cycle_in(
        &self,
        reconciler: &impl Reconciler<Scope = Partitioned>,
        cx: TickContext<Partitioned>,
    ) -> TickReport {
        let tick = reconciler.tick(cx).await.unwrap_or_else(|error| panic!("{}: {error}", reconciler.name()));
        assert_eq!(tick.report.failures, [], "{}", reconciler.name());
        tick.report
    }

    /// One whole cycle of a global reconciler over the executions of this test.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn global_cycle(&self, reconciler: &impl Reconciler<Scope = Global>) -> TickReport {
        self.global_cycle_for(reconciler, self.filter()).await
    }

    /// One whole cycle of a global reconciler over what `filter` lets pass.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn global_cycle_for(&self, reconciler: &impl Reconciler<Scope = Global>, filter: Filter) -> TickReport {
        let report = self.global_report(reconciler, filter).await;
        assert_eq!(report.failures, [], "{}", reconciler.name());
        report
    }

    /// The same, whatever it could not do.
    ///
    /// # Panics
    ///
    /// When the cycle as a whole fails.
    pub async fn global_report(&self, reconciler: &impl Reconciler<Scope = Global>, filter: Filter) -> TickReport {
        let mut report = TickReport::default();
        let mut reason = TickReason::Manual;
        loop {
            let cx = TickContext::global().filtered(filter.clone()).because(reason);
            let tick = reconciler.tick(cx).await.unwrap_or_else(|error| panic!("{}: {error}", reconciler.name()));
            report.merge(tick.report);
            if tick.backlog == Backlog::Drained {
                return report;
            }
            reason = TickReason::Drain;
        }
    }

    /// Cycles of `reconciler` until it has changed something.
    ///
    /// # Panics
    ///
    /// When it fails, and when nothing ever becomes due.
    pub async fn settle(&self, reconciler: &impl Reconciler<Scope = Partitioned>) -> TickReport {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.cycle(reconciler).await;
            if report.changed > 0 {
                return report;
            }
            assert!(Instant::now() < deadline, "nothing becomes due for {}", reconciler.name());
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Completes what `worker` has, and asks the engine whether it is complete.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn finish(&self, worker: &dyn Worker) -> Result<(), Stop> {
        worker.renew().await?;
        worker.complete(b"done").await?;
        let reading = self.engine().read(worker.execution()).await?;
        // A typed completion says so in the public state and reads without an outcome, a classic one the other way round.
        let complete = reading.outcome == "success" || reading.public == "completed";
        if complete && reading.result.as_deref() == Some(b"done") {
            Ok(())
        } else {
            Err(Stop::Said(format!("{reading:?}")))
        }
    }

    /// What the engine's read calls say of `execution`.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn read(&self, execution: Execution) -> Result<Reading, Stop> {
        self.engine().read(execution).await
    }
}
