//! What is there to be tidied?

use std::path::Path;
use std::{fs, io};

/// The sources, statements, manifests and pages of the workspace.
pub(super) struct Files(Vec<File>);

pub(super) struct File {
    /// From the top folder, with `/`.
    pub(super) name: String,
    pub(super) text: String,
}

impl Files {
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        collect(root, "", &mut files)?;
        files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(Self(files))
    }

    pub(super) fn ending(&self, ending: &str) -> impl Iterator<Item = &File> {
        self.0.iter().filter(move |file| file.name.rsplit_once('.').is_some_and(|(_, found)| found == ending))
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|file| file.name == name).map_or("", |file| &file.text)
    }

    /// The folders of the crates that hold reconcilers. One without statements is still to be written.
    pub(super) fn reconcilers(&self) -> Vec<String> {
        let manifests = self.0.iter().filter_map(|file| Some((file.name.strip_suffix("/Cargo.toml")?, &file.text)));
        let named = manifests.filter(|(_, text)| {
            text.lines().any(|line| line.strip_prefix("name = ").is_some_and(|name| name.contains("reconciler")))
        });
        let written = |folder: &str| self.ending("sql").any(|statement| statement.is_in(&format!("{folder}/sql")));
        named.map(|(folder, _)| folder.to_owned()).filter(|folder| written(folder)).collect()
    }
}

impl File {
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let (path, full) = (entry.path(), format!("{prefix}{name}"));
        if path.is_dir() {
            collect(&path, &format!("{full}/"), files)?;
        } else if [".rs", ".sql", ".toml", ".md"].iter().any(|ending| name.ends_with(ending)) {
            files.push(File { name: full, text: fs::read_to_string(path)? });
        }
    }
    Ok(())
}
