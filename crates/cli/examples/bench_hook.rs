//! The hook: from the start of the real `weir-hook` to its answer, by the real `weir up`, with 64 sessions at once.
//!
//! 64 sessions of one space, each attached in a clone of its own. *Paced* is what 64 agents at work do: each makes
//! an act, waits for the answer, and makes the next when a second has gone by since the last one began, give or take
//! half. Beside it one session alone, all 64 starting in the same instant, and all 64 without any pause, which no two
//! processors can hold. In every load the same processes are started that do less: what the machine itself takes to
//! start `/bin/true`, a hook that only reads what it is given, and ours with nobody to ask. `WEIR_BIN` names the
//! binary.

#[path = "bench_hook/acts.rs"]
mod acts;
#[path = "bench_hook/field.rs"]
mod field;

use acts::{Act, Chance, Kind};
use field::Field;
use std::io::{Error, Read as _, Result, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

const SESSIONS: usize = 64;

/// What is started in the place of a client's hook.
#[derive(Clone, Copy)]
enum Program {
    True,
    NoOp,
    NobodyToAsk,
    Large,
    Weir,
}

impl Program {
    const ALL: [Self; 5] = [Self::True, Self::NoOp, Self::NobodyToAsk, Self::Large, Self::Weir];

    fn words(self) -> &'static str {
        match self {
            Self::True => "baseline: `/bin/true`",
            Self::NoOp => "baseline: a hook that does nothing, `sh -c 'cat >/dev/null'`",
            Self::NobodyToAsk => "`weir-hook` with nobody to ask: it denies",
            Self::Large => "`weir hook`, the large program",
            Self::Weir => "`weir-hook`",
        }
    }

    fn command(self, field: &Field, session: usize) -> Command {
        match self {
            Self::True => field.command("/bin/true", session),
            Self::NoOp => {
                let mut command = field.command("/bin/sh", session);
                command.args(["-c", "cat >/dev/null"]);
                command
            }
            Self::NobodyToAsk => {
                let mut command = field.hook(session);
                command.current_dir("/");
                command
            }
            Self::Large => field.large_hook(session),
            Self::Weir => field.hook(session),
        }
    }

    /// Whether it ended as it should have: all acts of this bench are allowed.
    fn is_right(self, code: Option<i32>, said: &str) -> bool {
        match self {
            Self::True | Self::NoOp => code == Some(0) && said.is_empty(),
            // Status 2 blocks.
            Self::NobodyToAsk => code == Some(2),
            Self::Large | Self::Weir => {
                code == Some(0) && !said.contains("\"deny\"") && !said.contains("\"ask\"")
            }
        }
    }
}

/// When the sessions act.
#[derive(Clone, Copy)]
enum Load {
    Alone { acts: usize },
    Paced { rounds: u32 },
    SameInstant { waves: u32 },
    NoPause { span: Duration },
}

impl Load {
    const ALL: [Self; 4] = [
        Self::Alone { acts: 150 },
        Self::Paced { rounds: 20 },
        Self::SameInstant { waves: 10 },
        Self::NoPause { span: Duration::from_secs(5) },
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Alone { .. } => "one session, one act after another",
            Self::Paced { .. } => "64 sessions at once, each an act a second",
            Self::SameInstant { .. } => "64 sessions, all in the same instant",
            Self::NoPause { .. } => "64 sessions without a pause",
        }
    }
}

struct Seen {
    kind: Kind,
    took: Duration,
}

fn main() -> ExitCode {
    let Some(bin) = std::env::var_os("WEIR_BIN").map(PathBuf::from) else {
        eprintln!("WEIR_BIN does not name the binary; run `cargo xtask bench hook`");
        return ExitCode::from(2);
    };
    match bench(&bin) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(bin: &std::path::Path) -> Result<()> {
    let field = Field::plant(bin, SESSIONS)?;
    println!("| load | started | acts | a second | p50 ms | p99 ms | max ms |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for load in Load::ALL {
        for program in Program::ALL {
            let began = Instant::now();
            let seen = under(load, &field, program)?;
            let span = began.elapsed();
            row(load.words(), program.words(), &seen, span);
            if matches!((load, program), (Load::Paced { .. }, Program::Weir)) {
                for kind in Kind::ALL {
                    let of_kind: Vec<_> = seen.iter().filter(|seen| seen.kind == kind).collect();
                    row(load.words(), kind.words(), &of_kind, span);
                }
            }
        }
    }
    field.stop()
}

/// All acts of a load.
fn under(load: Load, field: &Field, program: Program) -> Result<Vec<Seen>> {
    let sessions = if matches!(load, Load::Alone { .. }) { 1 } else { SESSIONS };
    let barrier = Barrier::new(sessions);
    std::thread::scope(|threads| {
        // Alone, each program is another session's: nobody makes that many acts a minute and goes unquestioned.
        let first = if sessions == 1 { program as usize } else { 0 };
        let running: Vec<_> = (first..first + sessions)
            .map(|session| {
                let barrier = &barrier;
                threads.spawn(move || one(load, field, program, session, barrier))
            })
            .collect();
        let mut seen = Vec::new();
        for one in running {
            seen.extend(one.join().map_err(|_| Error::other("a session panicked"))??);
        }
        Ok(seen)
    })
}

/// The acts of one session.
fn one(
    load: Load,
    field: &Field,
    program: Program,
    session: usize,
    barrier: &Barrier,
) -> Result<Vec<Seen>> {
    let mut chance = Chance::new(session as u64 + 1);
    let mut seen = Vec::new();
    let mut act = |chance: &mut Chance| {
        let act = Act::any(chance, field.worktree(session));
        let took = answered(program, program.command(field, session), &act)?;
        seen.push(Seen { kind: act.kind, took });
        Ok::<(), Error>(())
    };
    barrier.wait();
    let began = Instant::now();
    match load {
        Load::Alone { acts } => {
            for _ in 0..acts {
                act(&mut chance)?;
            }
        }
        Load::Paced { rounds } => {
            let mut due = began + chance.within(Duration::from_secs(1));
            for _ in 0..rounds {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                act(&mut chance)?;
                due += Duration::from_millis(500) + chance.within(Duration::from_secs(1));
            }
        }
        Load::SameInstant { waves } => {
            for wave in 1..=waves {
                let due = began + Duration::from_secs(1) * wave;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                act(&mut chance)?;
            }
        }
        Load::NoPause { span } => {
            while began.elapsed() < span {
                act(&mut chance)?;
            }
        }
    }
    Ok(seen)
}

/// Starts the program, gives it what a client gives, and waits for its answer and its end.
fn answered(program: Program, mut command: Command, act: &Act) -> Result<Duration> {
    let payload = act.payload();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // What does not read it has ended, and its answer stands.
        let _ = stdin.write_all(payload.as_bytes());
    }
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut said)?;
    }
    let ended = child.wait()?;
    let took = began.elapsed();
    match program.is_right(ended.code(), &said) {
        true => Ok(took),
        false => Err(Error::other(format!("not the answer to {payload}: {said}"))),
    }
}

fn row<S: std::borrow::Borrow<Seen>>(load: &str, what: &str, seen: &[S], span: Duration) {
    let rate = seen.len() as f64 / span.as_secs_f64();
    let mut took: Vec<Duration> = seen.iter().map(|seen| seen.borrow().took).collect();
    took.sort();
    let at = |share: f64| {
        let at = (took.len().saturating_sub(1) as f64 * share) as usize;
        took.get(at).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    println!(
        "| {load} | {what} | {} | {rate:.0} | {:.2} | {:.2} | {:.2} |",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
