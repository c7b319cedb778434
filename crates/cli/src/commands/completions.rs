//! `weir completions`

use crate::args::Args;
use crate::error::CommandError;
use crate::ui::{Form, Ui};
use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::Serialize;

/// Print a script that completes `weir` in a shell
///
/// For bash: `weir completions bash > ~/.local/share/bash-completion/completions/weir`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

pub(crate) fn run(ui: &mut Ui, args: &CompletionsArgs) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "weir", &mut script);
    match ui.form() {
        Form::People => ui.raw(&script),
        Form::Json => {
            let script = String::from_utf8_lossy(&script).into_owned();
            ui.answer(&Script { shell: args.shell.to_string(), script }, |_, _| ())
        }
    }
}
