//! `weir change`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use clap::Subcommand;
use weir_model::{ChangeId, RevisionId};
use weir_server::wire::{Change, Done, List, Rejection};

/// List changes, read them, approve them or send them back
#[derive(Debug, Subcommand)]
pub(crate) enum ChangeCommand {
    /// List changes
    List,
    /// Show a change: its revisions, approvals, and what it needs
    Show {
        /// The change
        change: ChangeId,
    },
    /// Approve a revision
    ///
    /// An approval binds to exactly this revision, and a newer one starts without any. Nobody approves what they,
    /// their agent or its children made.
    Approve {
        /// The revision, like `C1.2`
        revision: RevisionId,
    },
    /// Send a revision back to its owner
    Reject {
        /// The revision, like `C1.2`
        revision: RevisionId,
        /// What would make it acceptable
        #[arg(long, short)]
        message: String,
    },
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: ChangeCommand) -> Result<(), CommandError> {
    let weir = here.client()?;
    match command {
        ChangeCommand::List => {
            let changes: List<Change> = weir.get("/v1/changes")?;
            ui.answer(&changes, |changes, page| {
                render::changes(page, &changes.items, "no changes yet");
                render::rest(page, changes);
            })
        }
        ChangeCommand::Show { change } => {
            let change: Change = weir.get(&format!("/v1/changes/{change}"))?;
            ui.answer(&change, |change, page| render::change(page, change))
        }
        ChangeCommand::Approve { revision } => {
            let path = format!("/v1/revisions/{revision}/approve");
            let done: Done = weir.post(&path, &serde_json::json!({}))?;
            ui.answer(&done, |_, page| page.line(format!("Approved {revision}.")))
        }
        ChangeCommand::Reject { revision, message } => {
            let path = format!("/v1/revisions/{revision}/reject");
            let done: Done = weir.post(&path, &Rejection { comment: message })?;
            ui.answer(&done, |_, page| page.line(format!("Sent {revision} back.")))
        }
    }
}
