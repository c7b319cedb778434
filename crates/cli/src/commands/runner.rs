//! `weir runner`

mod post;
mod start;

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use clap::Subcommand;
use weir_model::Lease;
use weir_model::event::guard::Right;
use weir_server::wire::{IssuedToken, List, NewToken, Runner};

/// Run checks for a server, on its machine or another; issue tokens for that; list who does
#[derive(Debug, Subcommand)]
pub(crate) enum RunnerCommand {
    Start(start::StartArgs),
    /// Issue a token by which a runner may take runs of checks, and nothing else
    ///
    /// For owners. Its secret is printed this once; Weir keeps only its hash. Whoever has it can fetch the repository, take
    /// runs and say what came of those that it took. `weir token revoke` ends it.
    Token {
        /// What to call it: `build-1`, `ci`
        name: String,
        /// How long it lives [default: as long as the space says]
        #[arg(long, value_name = "DURATION")]
        lease: Option<Lease>,
    },
    /// Show the runners that are here: how much each takes at once, and what it runs, since when
    List,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: RunnerCommand) -> Result<(), CommandError> {
    match command {
        RunnerCommand::Start(args) => start::run(ui, here, args),
        RunnerCommand::Token { name, lease } => {
            let weir = here.client()?;
            let rights = Some(vec![Right::Run]);
            let token = NewToken { person: None, label: name, rights, lease };
            let issued: IssuedToken = weir.post("/v1/tokens", &token)?;
            ui.answer(&issued, |issued, page| {
                page.pairs([
                    ("token", issued.token.to_string()),
                    ("secret", issued.secret.clone()),
                ]);
            })?;
            ui.status(format_args!(
                "It is shown this once. Keep it in a file of mode 600 on the runner's machine, and there: \
                 `WEIR_URL={} weir runner start --token-file FILE`.",
                weir.url()
            ));
            Ok(())
        }
        RunnerCommand::List => {
            let runners: List<Runner> = here.client()?.get("/v1/runners")?;
            ui.answer(&runners, |runners, page| render::runners(page, &runners.items))
        }
    }
}
