//! Does the facade build, whatever a user takes of it?

use std::fs;

use crate::workspace;

/// They only stand for others.
const GROUPS: [&str; 2] = ["default", "full"];

/// Checks every combination of the facade's features, and stops at the first that does not build.
pub(crate) fn run() -> Result<(), String> {
    let root = workspace::root();
    let manifest = fs::read_to_string(root.join("ff-scanner/Cargo.toml"))
        .map_err(|error| format!("could not read the facade's manifest: {error}"))?;
    let features = features(&manifest);
    let cargo = |command: &[&str], combination: &str| {
        let mut cargo = workspace::cargo(&root);
        cargo.args(command).args([
            "--quiet",
            "--package",
            "ff-scanner",
            "--no-default-features",
            "--features",
            combination,
        ]);
        cargo.status().is_ok_and(|status| status.success())
    };
    check_all("build", &combinations(&features), |combination| cargo(&["check"], combination))?;
    // Which names each registers is a test, which takes longer; the features do not depend on each other.
    let each: Vec<String> = features.iter().map(ToString::to_string).chain([String::new()]).collect();
    check_all("register its names", &each, |feature| cargo(&["test", "--test", "features"], feature))
}

fn check_all(what: &str, combinations: &[String], mut does: impl FnMut(&str) -> bool) -> Result<(), String> {
    let total = combinations.len();
    for (index, combination) in combinations.iter().enumerate() {
        let name = if combination.is_empty() { "no feature" } else { combination };
        eprintln!("{:>3}/{total} {name}", index + 1);
        if !does(combination) {
            return Err(format!("ff-scanner does not {what} with {name}"));
        }
    }
    Ok(())
}

/// The names in the section `[features]` of a manifest, without the groups.
fn features(manifest: &str) -> Vec<&str> {
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    names.filter(|name| !GROUPS.contains(name)).collect()
}

/// Every subset, from none to all, as cargo takes them.
fn combinations(features: &[&str]) -> Vec<String> {
    let subset = |bits: u32| {
        let chosen = features.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
        chosen.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    };
    (0..1 << features.len()).map(subset).collect()
}

#[cfg(test)]
mod tests {
    use super::{check_all, combinations, features};

    #[test]
    fn the_features_are_those_of_the_manifest_without_its_groups() {
        let manifest = "[dependencies]\nx = 1\n\n[features]\n# Why.\ndefault = [\"full\"]\nfull = [\n    \"a\", \"b-c\",\n]\n\
                        ## About a.\na = [\"dep:x\"]\nb-c = []\n\n[dev-dependencies]\ny = 1\n";
        assert_eq!(features(manifest), ["a", "b-c"]);
    }

    #[test]
    fn every_combination_is_there_once() {
        assert_eq!(combinations(&["a", "b"]), ["", "a", "b", "a,b"]);
        assert_eq!(combinations(&["1", "2", "3", "4", "5", "6"]).len(), 64);
    }

    #[test]
    fn the_first_combination_that_does_not_build_is_named_and_the_last_one_tried() {
        let mut tried = Vec::new();
        let done = check_all("build", &combinations(&["a", "b"]), |combination| {
            tried.push(combination.to_owned());
            combination != "b"
        });
        assert_eq!(done, Err("ff-scanner does not build with b".to_owned()));
        assert_eq!(tried, ["", "a", "b"]);
    }
}
