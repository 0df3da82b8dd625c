//! What is asked of a Rust file?

pub(super) fn complaints(name: &str, text: &str) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn an_ignored_test_is_refused() {
        let text = concat!("//! About.\n#[", "ignore]\nfn t() {}\n");
        assert_eq!(complaints("x.rs", text).len(), 1);
    }
}
