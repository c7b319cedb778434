//! `weir up` on a large repository: from the start of the process to the first answer, and what it costs at rest.
//!
//! The repository has 10,000 files in 100 folders and 20,000 commits, each changing one file; `git fast-import`
//! writes it in some seconds. Beside it, in the same run: `git status` and `git log -1` on the same repository.
//! `WEIR_BIN` names the binary.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const FILES: usize = 10_000;
const COMMITS: usize = 20_000;
const RUNS: usize = 7;

fn main() -> ExitCode {
    let Some(bin) = std::env::var_os("WEIR_BIN").map(PathBuf::from) else {
        eprintln!("WEIR_BIN does not name the binary; run `cargo xtask bench start`");
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

fn bench(bin: &Path) -> std::io::Result<()> {
    let place = tempfile::tempdir()?;
    let repo = place.path().join("large");
    make(&repo)?;
    println!("| what | p50 | worst of {RUNS} |");
    println!("|---|---:|---:|");
    let mut cold = Vec::new();
    for _ in 0..RUNS {
        let _ = std::fs::remove_dir_all(repo.join(".git/weir"));
        let (server, took) = start(bin, &repo, place.path())?;
        cold.push(took);
        stop(server)?;
    }
    row("`weir up`, a new space, to the first answer", cold);
    let mut warm = Vec::new();
    for _ in 0..RUNS {
        let (server, took) = start(bin, &repo, place.path())?;
        warm.push(took);
        stop(server)?;
    }
    row("`weir up`, a space that is there, to the first answer", warm);
    for (name, arguments) in
        [("`git status`", &["status", "-s"][..]), ("`git log -1`", &["log", "-1"])]
    {
        let mut took = Vec::new();
        for _ in 0..RUNS {
            let begun = Instant::now();
            git(&repo, arguments)?;
            took.push(begun.elapsed());
        }
        row(&format!("beside it: {name}"), took);
    }
    let (server, _) = start(bin, &repo, place.path())?;
    std::thread::sleep(Duration::from_secs(5));
    let before = cpu_ticks(server.id())?;
    std::thread::sleep(Duration::from_secs(10));
    let ticks = cpu_ticks(server.id())? - before;
    let resident = resident_kb(server.id())?;
    stop(server)?;
    println!(
        "\nAt rest: {} MB resident; {} ms of processor time in 10 idle seconds.",
        resident / 1000,
        ticks * 10
    );
    Ok(())
}

/// Starts the server on a free port and asks until it answers.
fn start(bin: &Path, repo: &Path, place: &Path) -> std::io::Result<(Child, Duration)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let begun = Instant::now();
    let mut command = Command::new(bin);
    command.current_dir(repo).args(["up", "--quiet", "--listen", &address.to_string()]);
    command.env("XDG_CACHE_HOME", place.join("cache")).env("HOME", place);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = command.spawn()?;
    loop {
        if let Ok(mut stream) = TcpStream::connect(address) {
            write!(stream, "GET /v1/space HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
            let mut answer = String::new();
            if stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1") {
                return Ok((server, begun.elapsed()));
            }
        }
        if let Some(status) = server.try_wait()? {
            return Err(std::io::Error::other(format!("the server ended: {status}")));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn stop(mut server: Child) -> std::io::Result<()> {
    let _ = Command::new("kill").arg(server.id().to_string()).status()?;
    server.wait().map(drop)
}

fn make(repo: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(repo)?;
    git(repo, &["init", "-q", "-b", "main"])?;
    let mut stream = String::new();
    let file = |n: usize| format!("dir{:02}/file{n:05}.txt", n % 100);
    for commit in 0..COMMITS {
        let at = 1_600_000_000 + commit * 60;
        let head = format!("committer Ada <ada@example.org> {at} +0000\ndata 2\nc\n");
        let _ = write!(stream, "commit refs/heads/main\n{head}");
        let touched = if commit == 0 { 0..FILES } else { commit % FILES..commit % FILES + 1 };
        for n in touched {
            let text = format!("file {n}, commit {commit}\n");
            let _ = write!(stream, "M 100644 inline {}\ndata {}\n{text}", file(n), text.len());
        }
        stream.push('\n');
    }
    let mut import = Command::new("git");
    import.current_dir(repo).args(["fast-import", "--quiet"]).stdin(Stdio::piped());
    let mut import = import.spawn()?;
    if let Some(mut stdin) = import.stdin.take() {
        stdin.write_all(stream.as_bytes())?;
    }
    let done = import.wait()?;
    if !done.success() {
        return Err(std::io::Error::other("git fast-import failed"));
    }
    git(repo, &["reset", "-q", "--hard"])
}

fn git(dir: &Path, arguments: &[&str]) -> std::io::Result<()> {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .args(arguments)
        .stdout(Stdio::null())
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    let done = command.status()?;
    if done.success() {
        Ok(())
    } else {
        Err(std::io::Error::other(format!("git {arguments:?} failed")))
    }
}

fn row(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let p50 = took.get(took.len() / 2).copied().unwrap_or_default();
    let worst = took.last().copied().unwrap_or_default();
    println!("| {what} | {p50:.0?} | {worst:.0?} |");
}

/// User and system time of a process, in hundredths of a second.
fn cpu_ticks(pid: u32) -> std::io::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let field = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Ok(field(11) + field(12))
}

fn resident_kb(pid: u32) -> std::io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0))
}
