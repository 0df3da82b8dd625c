//! Which house rules does no compiler check?

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

/// What the header of a statement must say, in this order.
const HEADER: [&str; 4] = ["-- Returns", "-- Reads by", "-- Locks", "-- Idempotent"];

/// Prints what is untidy.
pub(crate) fn run() -> ExitCode {
    match untidy(&root()) {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            for complaint in complaints {
                eprintln!("{complaint}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("could not read the workspace: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The top folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    here.parent().map_or(here.clone(), Path::to_path_buf)
}

fn untidy(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    let mut complaints = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let statement = name.starts_with("ff-reconciler-") && name.contains("/sql/");
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("sql") if statement => complaints.extend(header_complaint(&name, &text)),
            Some("sql") if !text.starts_with("--") => complaints.push(format!("{name}: no header says what it is for")),
            Some("rs") => complaints.extend(source_complaints(&name, &text)),
            _ => {}
        }
    }
    Ok(complaints)
}

fn header_complaint(name: &str, text: &str) -> Option<String> {
    let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("--")).collect();
    let mut rest = header.iter();
    let missing = HEADER.iter().find(|wanted| !rest.any(|line| line.starts_with(**wanted)))?;
    Some(format!("{name}: the header has no line `{missing} …` in its place"))
}

fn source_complaints(name: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !text.starts_with("//!") && !text.starts_with("#!") {
        complaints.push(format!("{name}: its first line does not say what it is about"));
    }
    // Spelt apart, or this file would complain about itself.
    if text.contains(concat!("#[", "ignore")) {
        complaints.push(format!("{name}: an ignored test proves nothing"));
    }
    let core = name.strip_prefix("ff-scanner-core/src/");
    let contract = core.is_some_and(|file| !file.contains('/') && file != "lib.rs");
    if contract && text.contains("crate::scheduler") {
        complaints.push(format!("{name}: the contract imports the scheduler"));
    }
    complaints
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{header_complaint, root, source_complaints, untidy};

    #[test]
    fn the_workspace_is_tidy() {
        let complaints = untidy(&root()).expect("the workspace can be read");
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    #[test]
    fn a_statement_without_its_locks_in_the_header_is_refused() {
        let header = "-- Does it.\n-- Returns nothing.\n-- Reads by a key.\n-- Idempotent: yes.\nSELECT 1";
        assert!(header_complaint("x.sql", header).is_some_and(|complaint| complaint.contains("Locks")));
    }

    #[test]
    fn an_ignored_test_is_refused() {
        let text = concat!("//! About.\n#[", "ignore]\nfn t() {}\n");
        assert_eq!(source_complaints("x.rs", text).len(), 1);
    }
}
