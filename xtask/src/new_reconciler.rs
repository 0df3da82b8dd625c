//! How does a new reconciler begin?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::workspace;

/// Where each file of a new crate comes from, and where it goes; `{…}` are filled in.
const COMMON: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../templates/Cargo.toml")),
    ("README.md", include_str!("../templates/README.md")),
    ("sql/act.sql", include_str!("../templates/act.sql")),
    ("tests/conformance.rs", include_str!("../templates/conformance.rs")),
];
const PARTITIONED: [(&str, &str); 2] = [
    ("src/lib.rs", include_str!("../templates/partitioned.rs")),
    ("sql/look.sql", include_str!("../templates/partitioned.sql")),
];
const GLOBAL: [(&str, &str); 2] =
    [("src/lib.rs", include_str!("../templates/global.rs")), ("sql/look.sql", include_str!("../templates/global.sql"))];

const NEXT: &str = "\
next:
  sql/look.sql          say what makes a row due, and which index leads to it
  sql/act.sql           lock, ask again, change, and say what became of each
  tests/conformance.rs  write due rows, and take `is_scaffold` away
  README.md             say all of that to whoever reads it
The guide is docs/writing-a-reconciler.md.";

pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let wish = Wish::read(arguments)?;
    let root = workspace::root();
    scaffold(&root, &wish)?;
    println!("made {} and added it to the workspace; `cargo test -p {}` passes", wish.dir.display(), wish.package());
    println!("{NEXT}");
    Ok(())
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    name: String,
    global: bool,
    /// From the top folder.
    dir: PathBuf,
}

impl Wish {
    fn read(arguments: &[&str]) -> Result<Self, String> {
        let (mut name, mut global, mut dir) = (None, false, None);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--global" => global = true,
                "--dir" => dir = Some(PathBuf::from(rest.next().ok_or("--dir needs a path")?)),
                option if option.starts_with('-') => return Err(format!("there is no option {option}")),
                word if name.is_none() => name = Some(word.to_owned()),
                word => return Err(format!("one name is enough: {word}")),
            }
        }
        let name = name.ok_or("give it a name, such as grant-expiry")?;
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !name.split('-').all(word) {
            return Err(format!("{name} is not in kebab-case, as grant-expiry is"));
        }
        let dir = dir.unwrap_or_else(|| PathBuf::from(format!("ff-reconciler-{name}")));
        Ok(Self { name, global, dir })
    }

    fn package(&self) -> String {
        format!("ff-reconciler-{}", self.name)
    }

    /// `template` with the names filled in.
    fn fill(&self, template: &str) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        let kind: String = self.name.split('-').map(capital).collect();
        let scope = if self.global { "Global" } else { "Partitioned" };
        let names = [
            ("{package}", self.package()),
            ("{library}", self.package().replace('-', "_")),
            ("{name}", self.name.replace('-', "_")),
            ("{Kind}", kind),
            ("{Scope}", scope.to_owned()),
        ];
        names.iter().fold(template.to_owned(), |text, (mark, name)| text.replace(mark, name))
    }
}

/// Writes the crate below `root` and makes it a member of the workspace there.
fn scaffold(root: &Path, wish: &Wish) -> Result<(), String> {
    let dir = root.join(&wish.dir);
    if dir.exists() {
        return Err(format!("{} is there already", dir.display()));
    }
    let own = if wish.global { GLOBAL } else { PARTITIONED };
    for (name, template) in COMMON.into_iter().chain(own) {
        let file = dir.join(name);
        let written = write(&file, &wish.fill(template));
        written.map_err(|error| format!("could not write {}: {error}", file.display()))?;
    }
    let manifest = root.join("Cargo.toml");
    let done = fs::read_to_string(&manifest).map(|text| with_member(&text, &wish.dir.to_string_lossy()));
    done.and_then(|text| fs::write(&manifest, text)).map_err(|error| format!("could not add a member: {error}"))
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(file.parent().expect("each file of a crate is in a folder"))?;
    fs::write(file, text)
}

/// A workspace's manifest with one more member, in the order of the names.
fn with_member(manifest: &str, member: &str) -> String {
    let (before, rest) = manifest.split_once("members = [\n").expect("the members are listed, a line each");
    let (members, after) = rest.split_once(']').expect("the list ends");
    let line = format!("    \"{member}\",");
    let mut lines: Vec<&str> = members.lines().chain([line.as_str()]).collect();
    lines.sort_unstable();
    format!("{before}members = [\n{}\n]{after}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{Wish, scaffold, with_member};
    use crate::workspace;
    use std::fs;

    #[test]
    fn a_member_finds_its_place_in_the_list() {
        let manifest = "[workspace]\nmembers = [\n    \"a\",\n    \"c\",\n]\nx = 1\n";
        assert_eq!(
            with_member(manifest, "b"),
            "[workspace]\nmembers = [\n    \"a\",\n    \"b\",\n    \"c\",\n]\nx = 1\n"
        );
    }

    #[test]
    fn names_that_are_not_kebab_case_and_unknown_options_are_refused() {
        for arguments in [&[][..], &["GrantExpiry"], &["grant_expiry"], &["-x"], &["a", "b"], &["a-"], &["a", "--dir"]]
        {
            assert!(Wish::read(arguments).is_err(), "{arguments:?}");
        }
    }

    /// A workspace of its own that builds on this one's crates and shares what has been compiled.
    #[test]
    fn a_new_crate_of_either_scope_builds_and_passes_and_is_not_written_twice() {
        let top = workspace::root();
        let root = top.join("target").join(format!("scaffold-{}", std::process::id()));
        fs::create_dir_all(&root).expect("a folder can be made");
        let manifest = fs::read_to_string(top.join("Cargo.toml")).expect("the manifest can be read");
        let (before, rest) = manifest.split_once("members = [\n").expect("the members are listed");
        let (_, after) = rest.split_once(']').expect("the list ends");
        let after = after.lines().filter(|line| !line.starts_with("default-members")).collect::<Vec<_>>().join("\n");
        let after = after.replace("path = \"", &format!("path = \"{}/", top.display()));
        fs::write(root.join("Cargo.toml"), format!("{before}members = [\n]{after}"))
            .expect("a manifest can be written");
        fs::copy(top.join("Cargo.lock"), root.join("Cargo.lock")).expect("the versions are the same");

        for arguments in [&["first-try"][..], &["second-try", "--global"]] {
            let wish = Wish::read(arguments).expect("it is in order");
            scaffold(&root, &wish).expect("it can be written");
            assert!(scaffold(&root, &wish).is_err(), "what is there is kept");
        }
        let mut cargo = workspace::cargo(&root);
        let output =
            cargo.args(["test", "--offline", "--workspace"]).env("CARGO_TARGET_DIR", top.join("target")).output();
        let output = output.expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        fs::remove_dir_all(&root).expect("the folder can be removed");
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("8 passed").count(), 2, "both pass the suite: {said}");
        assert!(!said.contains("warning"), "{said}");
    }
}
