//! How do the expected answers read as a page of the documentation?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::checks::{Cell, Section};
use crate::engine::Version;

const HEAD: &str = "\
# Beside the engine

What the engine itself says of each thing that a reconciler does, asked through the engine's own crates: each cell is a
test of `ff-scanner-engine-tests`, and this page is generated from their expectations.

*works*: the call takes it, and it runs to completion or reads back right. *does not exist*: this version has no such
call. *refuses*: as it should. *defect*: the engine is wrong by its own rules, and no reconciler can heal it.
";

/// The page that says what `sections` expect.
#[must_use]
pub fn render(sections: &[&Section]) -> String {
    let mut page = HEAD.to_owned();
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut texts: Vec<&str> = Vec::new();
    let mut note = |why: &'static str| {
        *notes.entry(why).or_insert_with(|| {
            texts.push(why);
            texts.len()
        })
    };
    let mut tables = String::new();
    for section in sections {
        let versions = Version::ALL.map(|version| format!("engine {version}")).join(" | ");
        write!(tables, "\n## {}\n\n| asked | {versions} |\n|---|---|---|\n", section.title).expect(INFALLIBLE);
        for row in section.rows {
            let cells = row.cells.map(|cell| match cell {
                Cell::Works => "works".to_owned(),
                Cell::Absent => "does not exist".to_owned(),
                Cell::Refuses { why, .. } => format!("refuses [{}]", note(why)),
                Cell::Defect { why, .. } => format!("defect [{}]", note(why)),
            });
            writeln!(tables, "| {} | {} |", row.what, cells.join(" | ")).expect(INFALLIBLE);
        }
    }
    page.push_str(&tables);
    page.push_str("\n## Reasons\n\n");
    for (number, text) in texts.iter().enumerate() {
        writeln!(page, "{}. {text}", number + 1).expect(INFALLIBLE);
    }
    page
}

const INFALLIBLE: &str = "a string takes everything";
