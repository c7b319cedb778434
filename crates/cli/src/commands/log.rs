//! `weir log`

use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::table::{Cell, Look, Table};
use crate::ui::Ui;
use std::time::Duration;
use weir_model::{AnyId, Position};
use weir_server::wire::{Log, LogEntry};

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
    let log: Log = weir.get(&format!("/v1/log?limit={}{about}", args.limit))?;
    if !args.follow {
        return ui.answer(&log, |log, page| render::events(page, log.items.iter()));
    }
    for entry in &log.items {
        line(ui, entry)?;
    }
    follow(ui, &weir, log.head, &about)
}

/// Tells what happens after `last`, over broken lines too. Ends when nobody reads, or the server is gone.
fn follow(ui: &mut Ui, weir: &Client, mut last: Position, about: &str) -> Result<(), CommandError> {
    loop {
        for event in weir.events(Some(last))? {
            let Ok(event) = event else { break };
            let Ok(entry) = serde_json::from_str::<LogEntry>(&event.data) else { continue };
            if entry.position <= last {
                continue;
            }
            if about.is_empty() {
                line(ui, &entry)?;
                last = entry.position;
            } else {
                // The stream tells of everything; what is about one id, the server picks out.
                last = catch_up(ui, weir, last, about)?;
            }
        }
        ui.progress(format_args!("the line broke, trying again"));
        std::thread::sleep(PAUSE);
    }
}

fn catch_up(
    ui: &mut Ui,
    weir: &Client,
    mut last: Position,
    about: &str,
) -> Result<Position, CommandError> {
    loop {
        let log: Log = weir.get(&format!("/v1/log?after={last}&limit=500{about}"))?;
        for entry in &log.items {
            line(ui, entry)?;
        }
        match log.next {
            Some(next) => last = next,
            None => return Ok(last.max(log.head)),
        }
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
