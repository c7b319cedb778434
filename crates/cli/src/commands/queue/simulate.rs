//! `weir queue simulate`: what another policy would have made of a history.

use crate::ago;
use crate::error::CommandError;
use crate::here::Here;
use crate::page::Page;
use crate::table::{Cell, Look, Table};
use crate::ui::Ui;
use clap::Args;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;
use weir_model::Refusal;
use weir_queue::sim::{Answer, Became, Decides, Touching, Trace, WhatIf};

/// Tell what another policy, more workers or more changes would have made of what came to the queue
///
/// The simulator decides as the queue would, on what the ledger recorded: when each revision came, how long its checks
/// took, and whether it was good. Beside it stands what really was. A trace of another queue is a file of JSON lines, one
/// change each, as `weir queue trace` writes it. Nothing is built, and nothing changes.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The history: `ledger` is that of this repository, anything else a file with a trace; `-` is stdin
    #[arg(long, value_name = "FILE", default_value = "ledger")]
    from: String,
    /// Who decides: `serial`, `bors`, `window`, `optimistic`, `ours`; all of them, if left out
    #[arg(long, value_name = "NAME", value_delimiter = ',', num_args = 1..)]
    policy: Vec<Decides>,
    /// How many builds run at once
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    workers: u32,
    /// How many times as fast changes come: `x10`
    #[arg(long, value_name = "TIMES", default_value = "x1", value_parser = times)]
    arrivals: f64,
    /// How many changes are built together at most
    #[arg(long, value_name = "COUNT")]
    batch: Option<u32>,
    /// How many of a hundred runs of a good build fail for no reason: `5%`; as the history has it, if left out
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    flakes: Option<f64>,
    /// Which changes touch: `all` (only exactly the tested tree lands), or those that share `paths`
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = touching)]
    touching: Touching,
    /// Which runs flake: the same number, the same ones
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

/// The longest trace that is read.
const TRACE_BYTES_MAX: u64 = 64 << 20;

fn times(text: &str) -> Result<f64, String> {
    let number = text.strip_prefix('x').unwrap_or(text).parse().ok();
    number.filter(|times: &f64| times.is_finite()).ok_or("write it like `x10`".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    let number = number.filter(|percent| percent.is_finite());
    number.map(|percent| percent / 100.0).ok_or("write it like `5%`".to_owned())
}

fn touching(text: &str) -> Result<Touching, String> {
    match text {
        "all" => Ok(Touching::All),
        "paths" => Ok(Touching::Paths),
        _ => Err("there are `all` and `paths`".to_owned()),
    }
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: SimulateArgs) -> Result<(), CommandError> {
    let trace = match args.from.as_str() {
        "ledger" => {
            Trace::read(recorded(here)?.as_bytes()).map_err(|refusal| match &*refusal.code {
                "trace.empty" => Refusal::new("trace.empty", "nothing came to the queue yet")
                    .hint("simulate another one's history: `weir queue simulate --from FILE`"),
                _ => refusal,
            })?
        }
        "-" => Trace::read(&read(std::io::stdin().lock(), "stdin")?)?,
        file => {
            let opened = std::fs::File::open(Path::new(file));
            let opened = opened.map_err(CommandError::doing(format!("read the trace `{file}`")))?;
            Trace::read(&read(opened, file)?)?
        }
    };
    let policies = if args.policy.is_empty() { Decides::ALL.to_vec() } else { args.policy };
    let what_if = WhatIf {
        policies,
        workers: args.workers,
        arrivals: args.arrivals,
        batch_max: args.batch,
        flake: args.flakes,
        touching: args.touching,
        seed: args.seed,
    };
    let answer = what_if.answer(&trace)?;
    ui.answer(&answer, |answer, page| show(page, answer, &what_if))
}

/// What came to the queue of this repository, as a trace.
pub(crate) fn recorded(here: &Here) -> Result<String, CommandError> {
    crate::commands::audit::read_text(&here.client()?, "/v1/queue/trace")
}

fn read(from: impl std::io::Read, name: &str) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let doing = CommandError::doing(format!("read the trace `{name}`"));
    from.take(TRACE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(doing)?;
    if bytes.len() as u64 > TRACE_BYTES_MAX {
        let refusal = Refusal::new("trace.long", "the trace has more than 64 MiB");
        return Err(refusal.hint("cut it: `tail -n 20000`").into());
    }
    Ok(bytes)
}

fn show(page: &mut Page, answer: &Answer, asked: &WhatIf) {
    let pace = match asked.arrivals {
        times if (times - 1.0).abs() < f64::EPSILON => String::new(),
        times => format!(", x{times}"),
    };
    let count = match answer.changes {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    let flakes = answer.flake * 100.0;
    page.line(format!("{count}{pace}, {} workers, {flakes:.1} of 100 runs flake.", asked.workers));
    page.line("");
    let mut table = Table::new(&[
        "policy",
        "landed",
        "back",
        "wait",
        "p50",
        "p95",
        "p99",
        "builds each",
        "wrongly back",
        "red trunks",
    ]);
    for row in &answer.rows {
        table.row(cells(row));
    }
    page.table(&table, "nothing was asked");
}

fn cells(row: &Became) -> [Cell; 10] {
    let [p50, p95, p99] = row.turnaround_ms.map(|ms| match row.landed {
        0 => "-".to_owned(),
        _ => length(ms),
    });
    let each = row.builds.filter(|_| row.landed > 0);
    let each = each.map(|builds| format!("{:.2}", builds as f64 / row.landed as f64));
    let bad = |count: Option<usize>| match count {
        None => Cell::new("-", Look::Dim),
        Some(0) => Cell::from(0),
        Some(count) => Cell::new(count, Look::Bad),
    };
    [
        Cell::new(row.policy.map_or("as it was", Decides::name), Look::Strong),
        row.landed.into(),
        row.back.into(),
        row.waiting.into(),
        p50.into(),
        p95.into(),
        p99.into(),
        each.unwrap_or_else(|| "-".to_owned()).into(),
        bad(row.ejected_wrongly),
        bad(row.red_trunks),
    ]
}

/// To three places: what is compared differs by less than an hour.
fn length(ms: u64) -> String {
    let minutes = ms as f64 / 60_000.0;
    match ms {
        0..120_000 => ago::length(Duration::from_millis(ms)),
        120_000..7_200_000 => format!("{minutes:.1}m"),
        7_200_000..172_800_000 => format!("{:.1}h", minutes / 60.0),
        _ => format!("{:.1}d", minutes / 1440.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!((times("x10"), times("2.5")), (Ok(10.0), Ok(2.5)));
        assert_eq!(percent("5%"), Ok(0.05));
        for text in ["", "x", "ten", "xNaN", "inf"] {
            assert!(times(text).is_err(), "{text}");
        }
        for text in ["5", "%", "inf%"] {
            assert!(percent(text).is_err(), "{text}");
        }
        let lengths = [90_000, 150_000, 10_800_000, 864_000_000].map(length);
        assert_eq!(lengths, ["1m", "2.5m", "3.0h", "10.0d"]);
    }
}
