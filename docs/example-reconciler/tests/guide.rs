//! Is everything that the guide quotes in this crate, to the letter?

use std::fs;
use std::path::{Path, PathBuf};

/// The lines of a text without their indentation: a quotation may stand further left than its source.
fn flush(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// What `line` links to, relative to the guide.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.contains("://"))
}

#[test]
fn each_block_of_the_guide_is_in_the_file_that_is_linked_last_before_it() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the guide's folder");
    let guide = fs::read_to_string(docs.join("writing-a-reconciler.md")).expect("the guide can be read");
    let mut source = PathBuf::new();
    let mut block: Option<Vec<&str>> = None;
    let mut blocks = 0;
    for line in guide.lines() {
        match &mut block {
            Some(lines) if line.starts_with("```") => {
                let text = fs::read_to_string(&source).expect("the linked file can be read");
                let quoted = flush(&lines.join("\n"));
                assert!(flush(&text).contains(&quoted), "{} has no such lines:\n{quoted}", source.display());
                (block, blocks) = (None, blocks + 1);
            }
            Some(lines) => lines.push(line),
            None if line.starts_with("```") => block = Some(Vec::new()),
            None => {
                for target in links(line) {
                    let path = docs.join(target);
                    assert!(path.exists(), "the guide links to {target}, which is not there");
                    source = path;
                }
            }
        }
    }
    assert!(blocks > 10, "the guide quotes the crate");
}
