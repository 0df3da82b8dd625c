//! What a server needs before it can start: binaries, a user, a place.

use std::path::PathBuf;

use super::cluster::Cluster;
use super::discover::{Binaries, Places, none_found};
use super::privilege::RunAs;
use super::{Options, ServerError, fetch, janitor, place};

pub(super) struct Provision {
    pub(super) binaries: Binaries,
    run_as: RunAs,
    base: PathBuf,
}

impl Provision {
    /// Finds all three, fetching the binaries if it must.
    pub(super) fn find(options: &Options) -> Result<Self, ServerError> {
        let binaries = binaries(&Places::from_env())?;
        let run_as = RunAs::choose()?;
        let base = place::base(options.is_durable(), run_as.owner().is_some())?;
        Ok(Self { binaries, run_as, base })
    }

    /// The server called `name`, which is not there yet; those that nobody uses any more are cleaned up.
    pub(super) fn cluster(self, name: &str, options: &Options) -> Cluster {
        let prefix = prefix();
        let dir = self.base.join(format!("{prefix}{name}"));
        janitor::replace_dead(&self.base, &prefix, &dir);
        Cluster::new(dir, self.binaries, self.run_as, options)
    }
}

fn prefix() -> String {
    format!("ffpg-{}-", rustix::process::geteuid().as_raw())
}

/// Those that are installed, else those that can be fetched, else the error that says what to do.
pub(super) fn binaries(places: &Places) -> Result<Binaries, ServerError> {
    places.search().or_else(|searched| {
        if places.bin.is_some() {
            return Err(none_found(places, searched));
        }
        fetch::fetch(places).map_err(|tried| none_found(places, format!("{searched}\n{tried}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_postgres_says_what_was_searched_and_how_to_get_one() {
        let cache = PathBuf::from("/nonexistent/cache");
        let places = Places { bin: None, path: vec![], known: vec!["/nonexistent/*/bin"], cache, fetch: false };
        let error = binaries(&places).expect_err("the world is empty").to_string();
        let expected = "no Postgres found; searched:\n  \
            FF_PG_BIN: not set\n  \
            pg_config --bindir: nothing there\n  \
            initdb on PATH: nothing there\n  \
            /nonexistent/*/bin: nothing there\n  \
            /nonexistent/cache/*/bin: nothing there\n  \
            fetching: forbidden by FF_PG_FETCH=0\n\
            to fix it: export DATABASE_URL=postgres://user@host/database";
        assert_eq!(error, expected);
    }
}
