//! What is asked of a statement?

use std::collections::BTreeSet;

use super::files::Files;

/// What the header of a statement must say, in this order.
const HEADER: [&str; 4] = ["-- Returns", "-- Reads by", "-- Locks", "-- Idempotent"];

/// Leaves the plans of triggers to the server, where an act has itself planned anew.
const KEEPS_PLANS: &str = "set_config('plan_cache_mode', 'auto', true)";

pub(super) fn untitled(name: &str, text: &str) -> Option<String> {
    (!text.starts_with("--")).then(|| format!("{name}: no header says what it is for"))
}

pub(super) fn header(name: &str, text: &str) -> Option<String> {
    let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("--")).collect();
    let mut rest = header.iter();
    let missing = HEADER.iter().find(|wanted| !rest.any(|line| line.starts_with(**wanted)))?;
    Some(format!("{name}: the header has no line `{missing} …` in its place"))
}

/// The events of the engine have triggers.
pub(super) fn plans_triggers(name: &str, text: &str) -> Option<String> {
    let tells = text.lines().any(|line| {
        let table = line.trim_start().strip_prefix("INSERT INTO ff_").and_then(|rest| rest.split_whitespace().next());
        table.is_some_and(|table| table.ends_with("_event"))
    });
    (tells && !text.contains(KEEPS_PLANS))
        .then(|| format!("{name}: without `{KEEPS_PLANS}` the triggers of its events are planned anew for each row"))
}

pub(super) fn unused(name: &str, used: &BTreeSet<String>) -> Option<String> {
    (!used.contains(name)).then(|| format!("{name}: no Rust file includes it"))
}

/// What the Rust files include, from the top folder.
pub(super) fn included(files: &Files) -> BTreeSet<String> {
    files.ending("rs").flat_map(|file| inclusions(&file.name, &file.text)).collect()
}

fn inclusions(name: &str, text: &str) -> Vec<String> {
    let paths = text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    paths.map(|path| joined(folder, path)).collect()
}

fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{header, inclusions, plans_triggers, unused};

    #[test]
    fn a_statement_without_its_locks_in_the_header_is_refused() {
        let text = "-- Does it.\n-- Returns nothing.\n-- Reads by a key.\n-- Idempotent: yes.\nSELECT 1";
        assert!(header("x.sql", text).is_some_and(|complaint| complaint.contains("Locks")));
    }

    #[test]
    fn a_statement_that_has_triggers_planned_for_each_row_is_refused() {
        let tells = "    INSERT INTO ff_lease_event (execution_id)\n    SELECT execution_id FROM due";
        assert!(plans_triggers("x.sql", tells).is_some());
        let keeps = format!("WITH mode AS (SELECT {})\n{tells}", super::KEEPS_PLANS);
        assert_eq!(plans_triggers("x.sql", &keeps), None);
        assert_eq!(plans_triggers("x.sql", "INSERT INTO ff_edge (flow_id) VALUES ($1)"), None);
    }

    #[test]
    fn a_statement_that_no_rust_file_includes_is_refused() {
        let text = "const LOOK: &str = include_str!(\"../sql/look.sql\");";
        let used = inclusions("crate/src/lib.rs", text).into_iter().collect();
        assert_eq!(unused("crate/sql/look.sql", &used), None);
        assert!(unused("crate/sql/look_again.sql", &used).is_some());
        assert!(unused("other/sql/look.sql", &used).is_some());
    }
}
