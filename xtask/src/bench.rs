//! Benches: examples of the rooms, built in release and run. They print; `docs/benchmarks.md` keeps the numbers.

use crate::failure::Failure;
use crate::install;
use crate::run::{cargo, shown};
use std::path::PathBuf;
use std::process::Command;

/// A bench that can be asked for by name.
struct Bench {
    name: &'static str,
    /// The example that it is, whichever room holds it.
    example: &'static str,
    /// Whether it starts the real `weir`, which is then built too.
    needs_weir: bool,
    about: &'static str,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "ledger",
        example: "bench_ledger",
        needs_weir: false,
        about: "Durable appends, verification and start-up, on both stores",
    },
    Bench {
        name: "claims",
        example: "bench_claims",
        needs_weir: false,
        about: "A storm of workers on 10,000 tasks: claims a second, and no doubles",
    },
    Bench {
        name: "decisions",
        example: "bench_decisions",
        needs_weir: false,
        about: "Decisions of policies, beside the same without slices",
    },
    Bench {
        name: "acts",
        example: "bench_acts",
        needs_weir: false,
        about: "Durable decisions a second, on both stores, beside the ledger alone",
    },
    Bench {
        name: "hook",
        example: "bench_hook",
        needs_weir: true,
        about: "`weir hook` from its start to its answer, 64 sessions at once",
    },
    Bench {
        name: "queue",
        example: "bench_queue",
        needs_weir: false,
        about: "The merge queue beside others and beside what is possible, in a simulator",
    },
    Bench {
        name: "start",
        example: "bench_start",
        needs_weir: true,
        about: "`weir up` on a large repository: time to the first answer, memory at rest",
    },
    Bench {
        name: "kill",
        example: "bench_kill",
        needs_weir: true,
        about: "Kill the server at random points under load, for longer than the tests do",
    },
    Bench {
        name: "land",
        example: "bench_land",
        needs_weir: true,
        about: "Hundreds of branches, some of them bad, through the real queue; the trunk tested again",
    },
    Bench {
        name: "merge",
        example: "bench_merge",
        needs_weir: false,
        about: "Merges in memory beside `git merge-tree`, of 1, 10 and 200 files in a repository of 10,000",
    },
    Bench {
        name: "replay",
        example: "bench_replay",
        needs_weir: false,
        about: "Real histories of cargo and ruff through the queue, at 1, 10 and 50 times their speed, with real merges",
    },
    Bench {
        name: "commands",
        example: "bench_commands",
        needs_weir: false,
        about: "What is seen of labelled commands: recall, questions too many, spellings",
    },
    Bench {
        name: "retrieval",
        example: "bench_retrieval",
        needs_weir: false,
        about: "How well search finds the files that a question means, beside BM25 and ripgrep",
    },
    Bench {
        name: "edges",
        example: "bench_edges",
        needs_weir: false,
        about: "How true the edges of the graph are, beside compilers' own indexes",
    },
    Bench {
        name: "cold",
        example: "bench_cold",
        needs_weir: false,
        about: "The first look at ruff and tokio, and the one after a start, beside a scan by ripgrep",
    },
    Bench {
        name: "sharing",
        example: "bench_sharing",
        needs_weir: false,
        about: "What a second worktree costs, and fifty, and a branch a hundred commits away",
    },
    Bench {
        name: "fresh",
        example: "bench_fresh",
        needs_weir: true,
        about: "From an edit by one session to its being in another's answer, 1 and 50 worktrees",
    },
    Bench {
        name: "viewload",
        example: "bench_viewload",
        needs_weir: true,
        about: "Search and symbols over HTTP: 50 worktrees with edits, 64 callers",
    },
];

/// A line for each bench, for the help.
pub(crate) fn list() -> String {
    BENCHES.iter().map(|bench| format!("  {:<14}  {}\n", bench.name, bench.about)).collect()
}

/// Builds the bench called `name` and runs it with these arguments.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Result<(), Failure> {
    let bench = BENCHES.iter().find(|bench| bench.name == name).ok_or_else(|| unknown(name))?;
    // Built for the whole workspace: `cargo run -p` would build the graph again with other features.
    let mut build = cargo(&["build", "--release", "--workspace", "--example", bench.example]);
    if bench.needs_weir {
        build.args(["--bin", "weir"]);
    }
    shown(&mut build)?;
    let release = release_folder()?;
    let mut program = Command::new(release.join("examples").join(bench.example));
    if bench.needs_weir {
        program.env("WEIR_BIN", install::side_by_side(&release)?.join("weir"));
    }
    shown(program.args(arguments))
}

pub(crate) fn unknown(name: &str) -> Failure {
    let names: Vec<String> = BENCHES.iter().map(|bench| format!("`{}`", bench.name)).collect();
    let names = names.join(", ");
    Failure::usage(match name {
        "" => format!("which bench? there are {names}"),
        name => format!("no bench is called `{name}`; there are {names}"),
    })
}

/// Where cargo puts what it builds in release: beside the folder of this very program.
fn release_folder() -> Result<PathBuf, Failure> {
    let lost = || Failure::chore("this program does not know where it was built");
    let own = std::env::current_exe().map_err(|_| lost())?;
    let target = own.parent().and_then(|profile| profile.parent()).ok_or_else(lost)?;
    Ok(target.join("release"))
}
