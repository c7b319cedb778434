//! Where everything is: what `weir up` prints, the first time and every other.

use crate::client::Client;
use crate::error::CommandError;
use crate::page::Page;
use crate::render;
use serde::Serialize;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use weir_engine::Found;
use weir_server::wire::{NewSignIn, SignInLink, Space, Status};

/// The doors of a running server, and how to go through them.
#[derive(Debug, Serialize)]
pub(crate) struct Doors {
    #[serde(flatten)]
    space: Space,
    url: String,
    sign_in: SignInLink,
    checks: Vec<Check>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<PathBuf>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// A server that has just started reads the trunk and its checks in the background.
const SETTLING: Duration = Duration::from_secs(5);

impl Doors {
    /// Asks a running server, and gives one that has just started a moment to look around.
    ///
    /// # Errors
    /// When it does not answer, or not to this token.
    pub(crate) fn of_running(weir: &Client) -> Result<Self, CommandError> {
        let started = Instant::now();
        let mut status: Status = weir.get("/v1/status")?;
        while status.space.trunk.is_empty() && started.elapsed() < SETTLING {
            std::thread::sleep(Duration::from_millis(20));
            status = weir.get("/v1/status")?;
        }
        let checks = status.queue.checks.into_iter();
        Ok(Self {
            space: status.space,
            url: weir.url().to_owned(),
            sign_in: sign_in(weir)?,
            checks: checks
                .map(|check| Check { name: check.name, run: check.run, why: None })
                .collect(),
            checks_from: status.queue.checks_from,
            home: None,
            notes: Vec::new(),
        })
    }

    /// Of a server in this process, which knows more than it has to ask for.
    ///
    /// # Errors
    /// As [`Doors::of_running`].
    pub(crate) fn of_own(weir: &Client, found: &Found) -> Result<Self, CommandError> {
        let mut space: Space = weir.get("/v1/space")?;
        space.trunk.clone_from(&found.trunk);
        space.tip = Some(found.tip.clone());
        let why = |name: &str| {
            let proposal = found.proposals.iter().find(|each| each.check.name == name);
            proposal.map(|proposal| proposal.why.clone())
        };
        let checks = found.checks.iter().map(|check| Check {
            name: check.name.clone(),
            run: check.run.clone(),
            why: why(&check.name),
        });
        let from = match found.is_committed {
            true => "as `weir.toml` on the trunk says",
            false => "found in the repository: `weir init` writes them down",
        };
        Ok(Self {
            space,
            url: weir.url().to_owned(),
            sign_in: sign_in(weir)?,
            checks: checks.collect(),
            checks_from: Some(from.to_owned()),
            home: Some(found.home.clone()),
            notes: found.notes.clone(),
        })
    }
}

fn sign_in(weir: &Client) -> Result<SignInLink, CommandError> {
    weir.post("/v1/sign-in-links", &NewSignIn::default())
}

/// The page.
pub(crate) fn show(doors: &Doors, page: &mut Page) {
    let Doors { space, sign_in, checks, .. } = doors;
    let tip = space.tip.as_deref().map(render::short).unwrap_or_default();
    page.heading(format!("Weir holds {} of {} at {tip}", space.trunk, space.name));
    page.pairs([
        ("page", space.page.clone()),
        ("sign in", format!("{}  (once, ends {})", sign_in.url, page.ago(sign_in.expires_at))),
        ("API", space.api.clone()),
        ("MCP", space.mcp.clone()),
        ("git", space.git.clone()),
        ("kept in", doors.home.as_ref().map(|path| path.display().to_string()).unwrap_or_default()),
    ]);
    page.heading("Checks that every change must pass");
    for Check { name, run, why } in checks {
        let why = why.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
        page.line(crate::words::line(&format!("  {name}: `{run}`{why}")));
    }
    match (checks.is_empty(), &doors.checks_from) {
        (true, _) => page.line("  none: `weir init` writes a `weir.toml` to put them in"),
        (false, Some(from)) => page.line(format!("  ({})", crate::words::line(from))),
        (false, None) => {}
    }
    page.heading("Attach an agent");
    page.pairs([
        ("a task", "weir task create \"Say what to do\" --paths 'src/**'".to_owned()),
        ("Claude Code, Codex, any MCP client", "weir session open NAME".to_owned()),
        ("by hand", "weir task next --agent NAME".to_owned()),
    ]);
}
