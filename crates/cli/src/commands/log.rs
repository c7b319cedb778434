//! `weir log`

use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::table::{Cell, Look, Table};
use crate::ui::Ui;
use std::time::Duration;
use weir_model::AnyId;
use weir_server::wire::{List, LogEntry};

/// Tell what happened, oldest first
#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// Go on with what happens from now on, until it is stopped
    #[arg(long, short)]
    follow: bool,
    /// Only what happened to this
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    /// How many events at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 30)]
    limit: u32,
}

/// How long to wait before a broken line is tried again.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &LogArgs) -> Result<(), CommandError> {
    let weir = here.client()?;
    let about: Option<AnyId> = args.about.as_deref().map(str::parse).transpose()?;
    let about = about.map(|id| format!("&about={id}")).unwrap_or_default();
    let log: List<LogEntry> = weir.get(&format!("/v1/log?limit={}{about}", args.limit))?;
    if !args.follow {
        return ui.answer(&log, |log, page| render::events(page, in_order(log).into_iter()));
    }
    for entry in in_order(&log) {
        line(ui, entry)?;
    }
    let last = in_order(&log).last().map(|entry| entry.position.to_string());
    follow(ui, &weir, last, &about)
}

/// Oldest first, whichever way the server told them.
fn in_order(log: &List<LogEntry>) -> Vec<&LogEntry> {
    let mut entries: Vec<_> = log.items.iter().collect();
    entries.sort_by_key(|entry| entry.position);
    entries
}

/// Tells what happens, over broken lines too. Ends when nobody reads, or the server is gone for good.
fn follow(
    ui: &mut Ui,
    weir: &Client,
    mut last: Option<String>,
    about: &str,
) -> Result<(), CommandError> {
    loop {
        for event in weir.events(last.as_deref(), about)? {
            let Ok(event) = event else { break };
            if let Ok(entry) = serde_json::from_str::<LogEntry>(&event.data) {
                line(ui, &entry)?;
            }
            last = event.id.or(last);
        }
        ui.progress(format_args!("the line broke, trying again"));
        std::thread::sleep(PAUSE);
    }
}

fn line(ui: &mut Ui, entry: &LogEntry) -> Result<(), CommandError> {
    ui.item(entry, |entry, page| {
        let mut table = Table::new(&[]);
        let position = Cell::new(format!("{:<6}", entry.position.to_string()), Look::Strong);
        // A line that stays on the screen tells the time, not how long ago it was when it was printed.
        let at = Cell::new(entry.at, Look::Dim);
        table.row([position, at, entry.sentence.as_str().into()]);
        page.table(&table, "");
    })
}
