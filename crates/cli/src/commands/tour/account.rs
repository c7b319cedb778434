//! The end of the tour: how it went for each agent, and where to look around.

use super::script::Ending;
use super::stage::Stage;
use crate::page::Page;
use crate::table::{Cell, Look, Table};
use serde::Serialize;
use std::path::PathBuf;

/// What the tour leaves behind.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    agents: Vec<Ending>,
    repository: PathBuf,
    export: PathBuf,
    running: bool,
    page: String,
}

impl Account {
    pub(super) fn new(agents: Vec<Ending>, stage: &Stage, running: bool) -> Self {
        Self {
            agents,
            repository: stage.river.clone(),
            export: stage.folder.join("ledger.export"),
            running,
            page: stage.door("page").to_owned(),
        }
    }
}

/// The page.
pub(super) fn show(account: &Account, page: &mut Page) {
    let Account { agents, repository, export, running, page: url } = account;
    page.line("");
    let mut table = Table::new(&["agent", "task", "session", "revision", "landing", "how it went"]);
    for Ending { agent, task, session, change, landing, story } in agents {
        let look = if landing.is_some() { Look::Good } else { Look::Bad };
        table.row([
            Cell::new(agent, Look::Strong),
            task.into(),
            session.into(),
            change.as_deref().unwrap_or("-").into(),
            landing.as_deref().unwrap_or("-").into(),
            Cell::new(story, look),
        ]);
    }
    page.table(&table, "nobody came");
    page.heading("Look around");
    page.line(format!("    cd {}", repository.display()));
    if *running {
        page.line(format!("    weir status            # or open {url} with `weir sign-in-link`"));
    } else {
        page.line("    weir up --detach       # starts it again, and prints a link to its page");
        page.line("    weir status");
    }
    page.line("    weir log");
    if let Some(change) = agents.iter().find_map(|ending| ending.change.as_ref()) {
        page.line(format!("    weir show {change}"));
    }
    page.line("    git --git-dir=.git/weir/trunk.git log --graph --oneline main");
    page.line(format!(
        "    weir audit verify {} --key {}",
        export.display(),
        export.with_file_name("ledger.key").display()
    ));
}
