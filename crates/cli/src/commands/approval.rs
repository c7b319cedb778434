//! `weir approval`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use clap::Subcommand;
use weir_model::{ApprovalId, Lease};
use weir_server::wire::{Allowance, Approval, Done, List, Words};

/// See what agents wait for a person's yes for, and answer
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// List the requests that wait, oldest first
    List {
        /// Also those that were answered or ended, newest first
        #[arg(long)]
        all: bool,
    },
    /// Show one request: the act letter by letter, and what it comes to
    Show {
        /// The request
        approval: ApprovalId,
    },
    /// Let an act happen: exactly the one that was asked for
    Allow {
        /// The request
        approval: ApprovalId,
        /// How often it may happen
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// For how long [default: an hour]
        #[arg(long = "for", value_name = "DURATION")]
        length: Option<Lease>,
    },
    /// Refuse an act; the agent reads why when it tries again
    Refuse {
        /// The request
        approval: ApprovalId,
        /// Why, in words for the agent
        #[arg(long)]
        why: String,
    },
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: ApprovalCommand) -> Result<(), CommandError> {
    let weir = here.client()?;
    match command {
        ApprovalCommand::List { all } => {
            let path = if all { "/v1/approvals?all=true" } else { "/v1/approvals" };
            let found: List<Approval> = weir.get(path)?;
            ui.answer(&found, |found, page| {
                render::approvals(page, &found.items, "nothing waits for a person");
                render::rest(page, found);
            })
        }
        ApprovalCommand::Show { approval } => {
            let one: Approval = weir.get(&format!("/v1/approvals/{approval}"))?;
            ui.answer(&one, |one, page| render::approval(page, one))
        }
        ApprovalCommand::Allow { approval, uses, length } => {
            let ask = Allowance { uses: Some(uses), length };
            let done: Done = weir.post(&format!("/v1/approvals/{approval}/allow"), &ask)?;
            ui.answer(&done, |_, page| page.line(format!("Allowed {approval}.")))
        }
        ApprovalCommand::Refuse { approval, why } => {
            let path = format!("/v1/approvals/{approval}/refuse");
            let done: Done = weir.post(&path, &Words { why })?;
            ui.answer(&done, |_, page| page.line(format!("Refused {approval}.")))
        }
    }
}
