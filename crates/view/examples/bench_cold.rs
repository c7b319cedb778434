//! How long the first look at a repository takes, and the look after a start: `cargo xtask bench cold`.
//!
//! ruff and tokio are cloned into `--cache <folder>` (a temporary one otherwise), or from bare mirrors in
//! `--mirrors <folder>`, called `<owner>+<name>/repo`; `--only ruff` takes one of them. The view of the tip's commit is
//! made of nothing: every blob is read from git, parsed, indexed and put down. Then again in a new process, from what is on
//! disk. Each in a process of its own, whose peak of memory is its own. Beside it, as the floor, ripgrep reads the same
//! files once for a text that is in none of them (without ripgrep: the same walk and search in here).
//! Lines are counted as they lie at their paths; two paths may share a blob, which is read once.

#[path = "bench_cold/repository.rs"]
mod repository;

use bstr::{BStr, ByteSlice as _};
use repository::{Options, Repository, memory};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use weir_view::pool::Pool;
use weir_view::search::Query;
use weir_view::tree::View;

/// In no file of these repositories.
const NOWHERE: &str = "zqxjkvbw";

fn main() {
    let result =
        Options::read(std::env::args().skip(1)).and_then(|options| match options.one.as_slice() {
            [root, store] => measure(Path::new(root), Path::new(store)),
            _ => all(&options),
        });
    if let Err(why) = result {
        eprintln!("Not measured: {why}");
        std::process::exit(1);
    }
}

fn all(options: &Options) -> Result<(), String> {
    let (place, _temporary) = options.place()?;
    println!(
        "| repository | | files | blobs | lines | seconds | lines/s | peak MiB | at rest MiB | on disk MiB |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for full in ["tokio-rs/tokio", "astral-sh/ruff"] {
        if options.only.as_deref().is_some_and(|only| !full.ends_with(only)) {
            continue;
        }
        let repository = Repository::get(full, options, &place)?;
        let store = tempfile::tempdir_in(&place).map_err(|why| why.to_string())?;
        for what in ["cold", "after a start"] {
            let told = in_its_own_process(&repository.root, store.path())?;
            println!("| {} | {what} | {told} |", repository.name);
        }
        let (seconds, by) = scan(&repository.root)?;
        println!("| {} | {by}, one scan | | | | {seconds:.2} | | | | |", repository.name);
    }
    Ok(())
}

fn in_its_own_process(root: &Path, store: &Path) -> Result<String, String> {
    let own = std::env::current_exe().map_err(|why| why.to_string())?;
    let out = Command::new(own).arg("--one").arg(root).arg(store).output();
    let out = out.map_err(|why| why.to_string())?;
    match out.status.success() {
        true => Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&out.stderr).trim().to_owned()),
    }
}

fn measure(root: &Path, store: &Path) -> Result<(), String> {
    let repository = Repository::open("one", root)?;
    let begun = Instant::now();
    let pool = Pool::kept_in(store.join("view"));
    let all = |_: &BStr| true;
    let view = View::of_commit(&pool, repository.objects(), repository.tip, &all)
        .map_err(|why| why.to_string())?;
    let query = Query { text: "where is the configuration read", files_max: 10, meaning: None };
    let found = pool.index().search(&query, &view).map_err(|why| why.to_string())?;
    let seconds = begun.elapsed().as_secs_f64();
    assert!(!found.hits.is_empty(), "it answers");
    let (on_disk, _) = pool.written();
    pool.tend();
    let (peak, now) = memory();
    let (mut files, mut lines) = (0u64, 0u64);
    for (_, number) in view.files() {
        files += 1;
        lines += pool.blob(number).map_or(0, |blob| u64::from(blob.fact.lines));
    }
    let a_second = lines as f64 / seconds;
    let came = pool.came_from();
    println!(
        "{files} | {} | {lines} | {seconds:.2} | {a_second:.0} | {peak} | {now} | {:.1}",
        came.made + came.brought,
        on_disk as f64 / f64::from(1 << 20)
    );
    Ok(())
}

/// Reads every file once; by whom, and how long it took.
fn scan(root: &Path) -> Result<(f64, &'static str), String> {
    let begun = Instant::now();
    let ripgrep = Command::new("rg")
        .args(["--hidden", "--no-messages", "--glob", "!.git", "--fixed-strings", NOWHERE])
        .current_dir(root)
        .output();
    match ripgrep {
        // It exits with 1 when it finds nothing.
        Ok(out) if out.status.code() == Some(1) => {
            return Ok((begun.elapsed().as_secs_f64(), "ripgrep"));
        }
        Ok(out) if out.status.success() => {
            return Err(format!("`{NOWHERE}` is in `{}`", root.display()));
        }
        Ok(_) | Err(_) => {}
    }
    let begun = Instant::now();
    let mut found = 0;
    for entry in ignore::WalkBuilder::new(root).hidden(false).build().flatten() {
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            found += usize::from(bytes.find(NOWHERE).is_some());
        }
    }
    assert!(found == 0, "it is nowhere");
    Ok((begun.elapsed().as_secs_f64(), "a walk without ripgrep"))
}
