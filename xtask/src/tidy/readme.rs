//! What is asked of a reconciler's page?

/// In this order, and no others before or between.
const HEADINGS: [&str; 6] = ["# Due", "# Effect", "# Options", "# Report", "# Locks", "# Alone"];

pub(super) fn complaints(folder: &str, readme: &str, lib: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if headings(readme) != HEADINGS {
        complaints.push(format!("{folder}/README.md: its headings are not {}", HEADINGS.join(", ")));
    }
    // Compiled, so that it cannot rot; on core alone, or it shows something else.
    let example = code(readme).find(|code| code.contains("ff_scanner_core::") && code.contains(".register("));
    if example.is_none_or(|code| code.contains("ff_scanner::")) {
        complaints.push(format!("{folder}/README.md: no Rust code shows it registered with ff-scanner-core alone"));
    }
    if !lib.starts_with("#![doc = include_str!(\"../README.md\")]\n") {
        complaints
            .push(format!("{folder}/src/lib.rs: its documentation is not the README, whose code is not compiled"));
    }
    complaints
}

fn headings(readme: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut is_heading = |line: &&str| {
        in_code ^= line.starts_with("```");
        !in_code && line.starts_with("# ")
    };
    readme.lines().filter(|line| is_heading(line)).collect()
}

/// The blocks of Rust.
fn code(readme: &str) -> impl Iterator<Item = &str> {
    readme.split("\n```rust").skip(1).filter_map(|rest| rest.split("\n```").next())
}

#[cfg(test)]
mod tests {
    use super::complaints;

    const LIB: &str = "#![doc = include_str!(\"../README.md\")]\n";
    const README: &str = "Does it.\n\n# Due\n\n# Effect\n\n# Options\n\n# Report\n\n# Locks\n\n# Alone\n\n\
                          ```rust,no_run\n# use ff_scanner_core::Scheduler;\nbuilder.register(It::new());\n```\n";

    #[test]
    fn a_page_with_its_headings_and_its_code_passes() {
        assert_eq!(complaints("crate", README, LIB), [""; 0]);
    }

    #[test]
    fn headings_in_another_order_are_refused() {
        let readme = README.replace("# Due\n\n# Effect", "# Effect\n\n# Due");
        assert_eq!(complaints("crate", &readme, LIB).len(), 1);
    }

    #[test]
    fn code_that_needs_the_facade_is_not_alone() {
        let readme = README.replace("builder.", "ff_scanner::builder.");
        assert_eq!(complaints("crate", &readme, LIB).len(), 1);
    }

    #[test]
    fn a_page_that_is_not_compiled_is_refused() {
        assert_eq!(complaints("crate", README, "//! Does it.\n").len(), 1);
    }
}
