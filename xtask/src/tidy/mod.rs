//! Which house rules does no compiler check?

mod files;
mod readme;
mod source;
mod sql;

use std::io;
use std::path::Path;

use crate::workspace;
use files::Files;

/// Says what is untidy.
pub(crate) fn run() -> Result<(), String> {
    let complaints =
        complaints(&workspace::root()).map_err(|error| format!("could not read the workspace: {error}"))?;
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

pub(crate) fn complaints(root: &Path) -> io::Result<Vec<String>> {
    let files = Files::read(root)?;
    let mut complaints = Vec::new();
    for file in files.ending("rs") {
        complaints.extend(source::complaints(&file.name, &file.text));
    }
    for file in files.ending("sql") {
        complaints.extend(sql::untitled(&file.name, &file.text));
    }
    let used = sql::included(&files);
    for folder in files.reconcilers() {
        for file in files.ending("sql").filter(|file| file.is_in(&folder)) {
            complaints.extend(sql::unused(&file.name, &used));
        }
        for file in files.ending("sql").filter(|file| file.is_in(&format!("{folder}/sql"))) {
            complaints.extend(sql::header(&file.name, &file.text));
            complaints.extend(sql::plans_triggers(&file.name, &file.text));
        }
        let text = |name: &str| files.text(&format!("{folder}/{name}"));
        complaints.extend(readme::complaints(&folder, text("README.md"), text("src/lib.rs")));
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::{complaints, workspace};

    #[test]
    fn the_workspace_is_tidy() {
        let complaints = complaints(&workspace::root()).expect("the workspace can be read");
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}
