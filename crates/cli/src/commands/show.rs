//! `weir show`

use crate::error::CommandError;
use crate::here::Here;
use crate::page::Page;
use crate::render;
use crate::table::{Cell, Look, Table};
use crate::ui::Ui;
use weir_model::AnyId;
use weir_server::wire::{Shown, Thing};

/// Show anything that was ever printed with an id
///
/// A task `T1`, a session `S1`, a change `C1`, a revision `C1.2`, a person `P1`, a token `K1`, a candidate `Q1`, a
/// landing `L1`, a record `E1`, a commit, or a body `sha256:…`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The id
    #[arg(value_name = "ID")]
    id: String,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &ShowArgs) -> Result<(), CommandError> {
    let id: AnyId = args.id.parse()?;
    let shown: Shown = here.client()?.get(&format!("/v1/show/{id}"))?;
    ui.answer(&shown, show)
}

fn show(shown: &Shown, page: &mut Page) {
    match &shown.thing {
        Thing::Task(task) => render::task(page, task),
        Thing::Session(session) => render::session(page, session),
        Thing::Change(change) => render::change(page, change),
        Thing::Revision(revision) => render::revision(page, revision),
        Thing::Person(person) => render::person(page, person),
        Thing::Token(token) => {
            page.heading(format!("{}  {}", token.id, token.label));
            page.pairs([
                ("whose", render::who(&token.person)),
                ("may", render::list(&token.rights)),
                ("ends", page.ago(token.expires_at)),
                ("revoked", if token.revoked { "yes".to_owned() } else { String::new() }),
            ]);
        }
        Thing::Candidate(candidate) => render::candidate(page, candidate),
        Thing::Landing(landing) => render::landing(page, landing),
        Thing::Approval(approval) => render::approval(page, approval),
        Thing::Event(event) => {
            page.heading(format!("{}  {}", event.position, event.kind));
            page.line(format!("  {}", crate::words::line(&event.sentence)));
            page.pairs([
                ("when", format!("{} ({})", event.at, page.ago(event.at))),
                ("by", render::who(&event.by)),
                ("stream", format!("{} {}", event.stream, event.version)),
            ]);
            let json = serde_json::to_string_pretty(&event.event).unwrap_or_default();
            page.block(&json);
        }
        Thing::Commit(commit) => {
            page.heading(&commit.commit);
            page.pairs([("is", commit.roles.join(", "))]);
        }
        Thing::Body(body) => {
            page.heading(&body.digest);
            match (&body.text, body.erased) {
                (_, true) => page.line("  erased: its digest stays, and the ledger still verifies"),
                (Some(text), false) => page.block(text),
                (None, false) => page.line("  not text"),
            }
        }
    }
    if !shown.links.is_empty() {
        page.heading("Hangs together with");
        let mut table = Table::new(&[]);
        for link in &shown.links {
            let title = link.title.as_deref().unwrap_or_default();
            table.row([Cell::new(&link.id, Look::Strong), link.how.as_str().into(), title.into()]);
        }
        page.table(&table, "");
    }
    if !shown.events.is_empty() {
        page.heading("What happened");
        render::events(page, shown.events.iter().rev());
    }
}
