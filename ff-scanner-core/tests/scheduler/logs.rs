//! What is logged, and how often.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use ff_scanner_core::{ErrorKind, Scheduler, SchedulerBuilder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::support::{Step, exact, global, ms, run};

/// Every event and span that this thread emits, as text.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

impl Lines {
    fn capture() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines.clone()));
        (lines, guard)
    }

    fn with(&self, level: Level, part: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|(l, text)| *l == level && text.contains(part)).map(|(_, text)| text.clone()).collect()
    }

    fn push(&self, level: Level, text: Text) {
        self.0.lock().unwrap().push((level, text.0));
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.push(*event.metadata().level(), text);
    }

    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut text = Text("span ".into());
        span.record(&mut text);
        self.push(*span.metadata().level(), text);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut text = Text("recorded ".into());
        values.record(&mut text);
        self.push(Level::INFO, text);
    }
}

fn away_for(ticks: usize, name: &'static str) -> impl FnOnce(SchedulerBuilder) -> SchedulerBuilder {
    let step = move |n| if n <= ticks { Step::Fail(ErrorKind::Transient) } else { Step::Done };
    move |builder| builder.register(global(name, step).0)
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_one_line_when_it_begins_and_one_when_all_are_back() {
    let (lines, _guard) = Lines::capture();
    let builder = away_for(9, "c")(away_for(3, "b")(away_for(6, "a")(exact())));
    let (_handle, _) = run(builder, ms(60_000)).await;
    assert_eq!(lines.with(Level::WARN, "").len(), 1, "{:?}", lines.with(Level::WARN, ""));
    assert_eq!(lines.with(Level::INFO, "back after transient errors").len(), 1);
    assert_eq!(lines.with(Level::DEBUG, "told to fail").len(), 18);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_error_is_logged_once_with_its_causes() {
    let (lines, _guard) = Lines::capture();
    let (_handle, _) = run(exact().register(global("a", |_| Step::Fail(ErrorKind::Terminal)).0), ms(60_000)).await;
    assert_eq!(lines.with(Level::ERROR, "told to fail").len(), 1);
    assert_eq!(lines.with(Level::WARN, "").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tick_has_a_span_with_its_counts_and_a_warning_for_each_failed_row() {
    let (lines, _guard) = Lines::capture();
    let (_handle, _) = run(exact().register(global("a", |_| Step::FailRow).0), ms(50)).await;
    assert_eq!(lines.with(Level::INFO, "span "), [r#"span reconciler="a" reason=interval "#]);
    let recorded = lines.with(Level::INFO, "recorded ").concat();
    assert!(["changed=0", "skipped=0", "failed=1"].iter().all(|part| recorded.contains(part)), "{recorded}");
    assert!(lines.with(Level::WARN, "row-1").concat().contains("poison"));
    assert_eq!(lines.with(Level::DEBUG, "ticked").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_finds_nothing_logs_nothing_but_its_span() {
    let (lines, _guard) = Lines::capture();
    let (_handle, _) = run(exact().register(global("a", |_| Step::Done).0), ms(50)).await;
    assert_eq!(lines.with(Level::WARN, "").len() + lines.with(Level::DEBUG, "").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn spawn_logs_the_names_that_it_runs() {
    let (lines, _guard) = Lines::capture();
    let builder = Scheduler::builder().register(global("a", |_| Step::Done).0).register(global("b", |_| Step::Done).0);
    let (_handle, _) = run(builder, ms(0)).await;
    assert_eq!(lines.with(Level::INFO, r#"reconcilers=["a", "b"]"#).len(), 1);
}
