//! `weir queue`

mod simulate;

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use clap::{Args, Subcommand};
use weir_model::ChangeId;
use weir_model::event::queue::Class;
use weir_server::wire::{Because, Done, Explained, NewClass, Queue};

/// Show what is tested and what waits, and why
///
/// Without a command: the candidates that may still land, with their checks, and what waits, first to land first.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    command: Option<QueueCommand>,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    /// Tell every decision about a change, oldest first, each with its reason
    Explain {
        /// The change
        change: ChangeId,
    },
    Simulate(simulate::SimulateArgs),
    /// Write what came to the queue as a trace: JSON lines, one revision each, for `weir queue simulate`
    Trace,
    /// Let nothing land until the thaw; testing goes on, so that a thaw lands what has passed
    Freeze {
        /// Why, for those who wait
        #[arg(long, short = 'm', value_name = "REASON")]
        why: String,
    },
    /// Let what has passed land again
    Thaw,
    /// Say how urgent a change is, from now on and when it comes back from repair
    ///
    /// `express` goes before everything else. Who said so, and why, is on record.
    Class {
        /// The change
        change: ChangeId,
        /// `express`, `high`, `normal` or `low`
        #[arg(value_parser = class)]
        class: Class,
        /// Why, for those who wait
        #[arg(long, short = 'm', value_name = "REASON")]
        why: String,
    },
}

/// How urgent, as the ledger spells it.
fn class(text: &str) -> Result<Class, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "a class is `express`, `high`, `normal` or `low`".to_owned())
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: QueueArgs) -> Result<(), CommandError> {
    let weir = || here.client();
    match args.command {
        None => {
            let queue: Queue = weir()?.get("/v1/queue")?;
            ui.answer(&queue, |queue, page| render::queue(page, queue))
        }
        Some(QueueCommand::Explain { change }) => {
            let explained: Explained = weir()?.get(&format!("/v1/queue/{change}"))?;
            ui.answer(&explained, |explained, page| {
                render::change(page, &explained.change);
                page.line("");
                render::events(page, explained.decisions.iter());
            })
        }
        Some(QueueCommand::Simulate(args)) => simulate::run(ui, here, args),
        Some(QueueCommand::Trace) => ui.raw(simulate::recorded(here)?.as_bytes()),
        Some(QueueCommand::Freeze { why }) => {
            let done: Done = weir()?.post("/v1/queue/freeze", &Because { reason: why })?;
            ui.answer(&done, |_, page| page.line("Nothing lands until `weir queue thaw`."))
        }
        Some(QueueCommand::Thaw) => {
            let done: Done = weir()?.delete("/v1/queue/freeze")?;
            ui.answer(&done, |_, page| page.line("What has passed lands again."))
        }
        Some(QueueCommand::Class { change, class, why }) => {
            let path = format!("/v1/changes/{change}/class");
            let done: Done = weir()?.put(&path, &NewClass { class, reason: why })?;
            ui.answer(&done, |_, page| page.line(format!("{change} counts so from now on.")))
        }
    }
}
