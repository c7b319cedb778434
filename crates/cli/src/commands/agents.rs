//! `weir agents`, `weir pause`, `weir resume`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use weir_server::wire::{Agents, Done, Whom};

/// Pause agents: from their next act on nothing is allowed
///
/// It holds a session with its children, all agents of one person, or everybody, until `weir resume`.
#[derive(Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// A session `S1`, a person `P1`, or `all`
    #[arg(value_name = "WHO")]
    who: String,
    /// Why, in words for the agents
    #[arg(long)]
    why: String,
}

/// Let paused agents go on, and one that a breaker stopped
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// A session `S1`, a person `P1`, or `all`
    #[arg(value_name = "WHO")]
    who: String,
}

pub(crate) fn run(ui: &mut Ui, here: &Here) -> Result<(), CommandError> {
    let agents: Agents = here.client()?.get("/v1/agents")?;
    ui.answer(&agents, |agents, page| render::agents(page, agents))
}

pub(crate) fn pause(ui: &mut Ui, here: &Here, args: PauseArgs) -> Result<(), CommandError> {
    let PauseArgs { who, why } = args;
    let done: Done = here.client()?.post("/v1/pause", &Whom { who: who.clone(), why })?;
    ui.answer(&done, |_, page| page.line(format!("Paused {who}.")))
}

pub(crate) fn resume(ui: &mut Ui, here: &Here, args: ResumeArgs) -> Result<(), CommandError> {
    let ask = Whom { who: args.who.clone(), why: String::new() };
    let done: Done = here.client()?.post("/v1/resume", &ask)?;
    ui.answer(&done, |_, page| page.line(format!("{} may go on.", args.who)))
}
