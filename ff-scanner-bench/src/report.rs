//! How are the results read: as a table, by a program, on a page?

use std::fmt::Write as _;

use clap::ValueEnum as _;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::approach::Approach;
use crate::args::Part;
use crate::growth::{Point, compared};
use crate::idle::Idle;
use crate::lateness::Lateness;
use crate::leases::Leases;
use crate::machine::Machine;
use crate::replicas::Replicas;
use crate::work_off::WorkOff;

/// The drawing, beside the page.
pub(crate) const CHART: &str = "benchmarks.svg";

/// Everything that one run has measured.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) rows: u64,
    pub(crate) rounds: usize,
    pub(crate) fewer_rounds: usize,
    pub(crate) work_off: Vec<WorkOff>,
    pub(crate) idle: Option<Idle>,
    pub(crate) lateness: Vec<Lateness>,
    pub(crate) live_leases: Vec<Leases>,
    pub(crate) growth: Vec<Point>,
    pub(crate) replicas: Vec<Replicas>,
}

/// A table with a heading, in both forms.
struct Section {
    heading: &'static str,
    about: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Results {
    /// Nothing measured yet.
    pub(crate) fn new(machine: Machine, rows: u64, rounds: usize, fewer_rounds: usize) -> Self {
        Self {
            machine,
            rows,
            rounds,
            fewer_rounds,
            work_off: Vec::new(),
            idle: None,
            lateness: Vec::new(),
            live_leases: Vec::new(),
            growth: Vec::new(),
            replicas: Vec::new(),
        }
    }

    /// A part of them, as tables on a terminal.
    pub(crate) fn to_text(&self, part: Part) -> String {
        let mut text = String::new();
        for section in self.sections(part) {
            let mut table = Table::new();
            table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(section.header).add_rows(section.rows);
            for column in table.column_iter_mut().skip(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            writeln!(text, "\n{}\n{table}", section.heading).expect("a string takes all");
        }
        text
    }

    /// As the page in the documentation.
    pub(crate) fn to_markdown(&self) -> String {
        let mut page = format!(
            "# Benchmarks\n\nWritten by `cargo xtask bench --page docs/benchmarks.md`, which measures all of it anew; not by \
             hand.\n\n{}\n\nWork-off: {} due rows of each kind over all partitions, among ten times as many that are not \
             due. Medians of {} rounds, of {} for replicas and growth; approaches, sizes and numbers of processes take turns, \
             ours and the floor twice a round in work-off, and each run finds tables of the same size.\n",
            self.machine, self.rows, self.rounds, self.fewer_rounds
        );
        for section in Part::value_variants().iter().flat_map(|part| self.sections(*part)) {
            let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
            let rule: Vec<String> =
                (0..section.header.len()).map(|column| if column == 0 { "---" } else { "---:" }.to_owned()).collect();
            write!(page, "\n## {}\n\n{}\n\n", section.heading, section.about).expect("a string takes all");
            for row in [section.header, rule].iter().chain(&section.rows) {
                writeln!(page, "{}", line(row)).expect("a string takes all");
            }
        }
        if !self.growth.is_empty() {
            write!(page, "\n![Rows a second and idle cost by size]({CHART})\n").expect("a string takes all");
        }
        page
    }

    fn sections(&self, part: Part) -> Vec<Section> {
        let all = match part {
            Part::WorkOff => vec![self.work_off_rates(), self.work_off_costs()],
            Part::Idle => vec![self.idle_section()],
            Part::Lateness => vec![self.lateness_section()],
            Part::Leases => vec![self.leases_section()],
            Part::Growth => vec![self.growth_rates(), self.growth_idle()],
            Part::Replicas => vec![self.replicas_section()],
        };
        all.into_iter().filter(|section| !section.rows.is_empty()).collect()
    }

    fn work_off_rates(&self) -> Section {
        let row = |one: &WorkOff| {
            let rate = |approach| number(one.figures[&approach].rows_per_s);
            vec![
                format!("{} ({})", one.name, one.unit),
                rate(Approach::Ours),
                rate(Approach::Floor),
                rate(Approach::RowAtATime),
                format!("{:.2}", one.ratio_to[&Approach::Floor]),
                format!("{:.0} ×", one.ratio_to[&Approach::RowAtATime]),
            ]
        };
        Section {
            heading: "Work-off: rows a second",
            about:
                "*Ours* is the reconciler under the real scheduler. The *floor* is set-based SQL by hand for the same \
                    final rows and events, with as many connections and without any check, filter or report. *Row at a \
                    time* is the plain approach: a query for candidates in each partition, and a transaction a row. All on \
                    connections that have worked off a few rows before, as those of a long-lived process have. The ratios are \
                    medians of the rounds' own."
                    .to_owned(),
            header: cells(["reconciler", "ours", "floor", "row at a time", "of the floor", "of row at a time"]),
            rows: self.work_off.iter().map(row).collect(),
        }
    }

    fn work_off_costs(&self) -> Section {
        let row = |one: &WorkOff| {
            let mut cells = vec![one.name.to_owned()];
            let figures = || Approach::ALL.iter().map(|approach| one.figures[approach]);
            cells.push(figures().map(|of| format!("{:.0}", of.cpu_us_per_row)).collect::<Vec<_>>().join(" / "));
            cells.push(figures().map(|of| number(of.wal_bytes_per_row)).collect::<Vec<_>>().join(" / "));
            let statements = |of: Option<f64>| of.map_or_else(|| "-".to_owned(), |of| format!("{of:.3}"));
            cells.push(figures().map(|of| statements(of.statements_per_row)).collect::<Vec<_>>().join(" / "));
            cells.push(figures().map(|of| format!("{:.1}", of.dead_tuples_per_row)).collect::<Vec<_>>().join(" / "));
            cells
        };
        Section {
            heading: "Work-off: cost of a row",
            about: "Each as ours / floor / row at a time. Transaction control is not counted as a statement."
                .to_owned(),
            header: cells(["reconciler", "database CPU, µs", "WAL, bytes", "statements", "dead tuples"]),
            rows: self.work_off.iter().map(row).collect(),
        }
    }

    fn idle_section(&self) -> Section {
        Section {
            heading: "Idle",
            about:
                "`ff-scanner run` with all reconcilers at their default intervals, nothing due, and nobody who writes. What they \
                    touch has rested since the last time, and costs what the machine takes for that."
                    .to_owned(),
            header: cells(IDLE_HEADER),
            rows: self.idle.iter().map(idle_cells).collect(),
        }
    }

    fn lateness_section(&self) -> Section {
        let row = |one: &Lateness| {
            vec![one.name.to_owned(), one.rows.to_string(), format!("{:.0}", one.p50_ms), format!("{:.0}", one.p99_ms)]
        };
        Section {
            heading: "Lateness",
            about: "From due to done, at a few rows a second and default settings.".to_owned(),
            header: cells(["reconciler", "rows", "p50, ms", "p99, ms"]),
            rows: self.lateness.iter().map(row).collect(),
        }
    }

    fn leases_section(&self) -> Section {
        let row = |one: &Leases| {
            vec![one.live.to_string(), format!("{:.1}", one.look_ms), format!("{:.1}", one.look_us_per_lease)]
        };
        Section {
            heading: "The look of attempt_timeout",
            about: "It reads the live leases, whatever else the tables hold.".to_owned(),
            header: cells(["live leases", "look, ms", "µs a lease"]),
            rows: self.live_leases.iter().map(row).collect(),
        }
    }

    fn growth_rates(&self) -> Section {
        let names = self.growth.first().into_iter().flat_map(|point| point.rows_per_s.keys());
        let row = |name: &&'static str| {
            let rates = self.growth.iter().map(|point| number(point.rate(name)));
            let ratios = compared(&self.growth).into_iter().flat_map(|(base, largest)| {
                [Approach::Ours, Approach::Floor]
                    .map(|approach| format!("{:.2}", largest.ratio_to(base, name, approach)))
            });
            [(*name).to_owned()].into_iter().chain(rates).chain(ratios).collect()
        };
        let sizes = self.growth.iter().map(|point| point.executions.to_string());
        let ratios = compared(&self.growth).into_iter().flat_map(|(base, largest)| {
            let ratio = format!("{} of {}", largest.executions, base.executions);
            [ratio.clone(), format!("the floor's {ratio}")]
        });
        Section {
            heading: "Growth: rows a second",
            about:
                "The same work on tables of different sizes, by the number of executions; as many budgets and flows. The \
                    ratios are the medians of the rounds' own; what the floor loses, the server loses."
                    .to_owned(),
            header: ["reconciler".to_owned()].into_iter().chain(sizes).chain(ratios).collect(),
            rows: names.map(row).collect(),
        }
    }

    fn growth_idle(&self) -> Section {
        Section {
            heading: "Growth: idle",
            about: "As above, on tables of different sizes.".to_owned(),
            header: cells(IDLE_HEADER),
            rows: self.growth.iter().map(|point| idle_cells(&point.idle)).collect(),
        }
    }

    fn replicas_section(&self) -> Section {
        let row = |one: &Replicas| {
            vec![
                one.connections.to_string(),
                one.processes.to_string(),
                number(one.rows_per_s),
                format!("{:.2}", one.of_one),
                one.twice.to_string(),
                one.conflicts.to_string(),
            ]
        };
        Section {
            heading: "Replicas",
            about: "One backlog of `lease_expiry`, worked off by several processes, which know nothing of each other. Each \
                    acts on one connection, or on two: of the latter, one keeps two cores busy by itself."
                .to_owned(),
            header: cells([
                "connections each",
                "processes",
                "rows/s",
                "of one process",
                "rows changed twice",
                "rows met and left to another",
            ]),
            rows: self.replicas.iter().map(row).collect(),
        }
    }
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}

const IDLE_HEADER: [&str; 5] = ["executions", "statements/s", "database CPU", "client CPU", "memory, MiB"];

fn idle_cells(idle: &Idle) -> Vec<String> {
    let optional = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    vec![
        idle.executions.to_string(),
        optional(idle.statements_per_s),
        format!("{:.2} %", idle.database_cpu * 100.0),
        format!("{:.2} %", idle.client_cpu * 100.0),
        optional(idle.memory_mib),
    ]
}

/// With three digits that count.
fn number(value: f64) -> String {
    if value >= 1000.0 { format!("{:.0}", (value / 10.0).round() * 10.0) } else { format!("{value:.0}") }
}
