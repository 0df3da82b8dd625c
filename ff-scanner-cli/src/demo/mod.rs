//! `ff-scanner demo`: the main job, no set-up.

use crate::args::{Common, DemoArgs};
use crate::error::CliError;

pub(crate) async fn demo(_: &Common, _: &DemoArgs) -> Result<(), CliError> {
    Err(CliError::Failed("the demo is not there yet".to_owned()))
}
