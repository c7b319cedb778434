//! What a second worktree costs, and fifty, and a branch far away: `cargo xtask bench sharing`.
//!
//! ruff is cloned into `--cache <folder>` (a temporary one otherwise), or from a bare mirror in `--mirrors <folder>`,
//! called `<owner>+<name>/repo`. `--worktrees <number>` makes fewer than fifty. Each is a real `git worktree`
//! with an edit of its own. New facts are those that had to be made of bytes; the disk is that of the view's own store, with what
//! git's worktrees take beside it. A branch a hundred commits away is the trunk's own history; its new blobs are
//! counted by `git ls-tree`, which knows nothing of facts.

#[path = "bench_cold/repository.rs"]
mod repository;

use bstr::BStr;
use repository::{Options, Repository, git, memory};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use weir_git::{CommitId, Glance, Marks};
use weir_view::pool::Pool;
use weir_view::tree::View;

fn main() {
    let options = Options::read(std::env::args().skip(1));
    if let Err(why) = options.and_then(|options| run(&options)) {
        eprintln!("Not measured: {why}");
        std::process::exit(1);
    }
}

fn run(options: &Options) -> Result<(), String> {
    let (place, _temporary) = options.place()?;
    let full = match options.only.as_deref() {
        None | Some("ruff") => "astral-sh/ruff",
        Some("tokio") => "tokio-rs/tokio",
        Some(other) => {
            return Err(format!("`{other}` is not measured; there are `ruff` and `tokio`"));
        }
    };
    let repository = Repository::get(full, options, &place)?;
    let work = tempfile::tempdir_in(&place).map_err(|why| why.to_string())?;
    let pool = Pool::kept_in(work.path().join("view"));
    let shared = Shared { repository: &repository, pool: &pool };

    let begun = Instant::now();
    let base = shared.view(repository.tip)?;
    println!("{}, of nothing: {:.2} s\n", repository.name, begun.elapsed().as_secs_f64());
    println!("| what | time | new facts | new blobs | on disk MiB | resident MiB |");
    println!("|---|---:|---:|---:|---:|---:|");
    let one = pool.written().0;
    row("one view", None, 0, None, one);

    let mut trees = Trees { root: &repository.root, made: Vec::new() };
    let count = options.worktrees.unwrap_or(50);
    let first = trees.add(work.path(), repository.tip)?;
    let before = pool.came_from().made;
    let begun = Instant::now();
    let same = shared.view(repository.tip)?;
    let view = begun.elapsed();
    let files = same.base_files(&pool);
    let begun = Instant::now();
    let mut glance = Glance::default();
    glance.look(&first, &files, &Marks::whole()).map_err(|why| why.to_string())?;
    let looked = begun.elapsed();
    let begun = Instant::now();
    let seen = same.with(&pool, glance.edits());
    let laid = view + begun.elapsed();
    if seen.touched().next().is_some() {
        return Err("a fresh worktree differs from its commit".to_owned());
    }
    let made = pool.came_from().made - before;
    row("second worktree, same commit: its view", Some(laid), made, None, pool.written().0);
    row("…and the first look at its files", Some(looked), made, None, pool.written().0);

    let before = pool.came_from().made;
    let mut views = vec![seen];
    let mut spent = Duration::ZERO;
    for number in 1..count {
        let folder = trees.add(work.path(), repository.tip)?;
        let edited = folder.join("README.md");
        let mut text = std::fs::read_to_string(&edited).map_err(|why| why.to_string())?;
        text.push_str(&format!("\nAn edit of worktree {number}.\n"));
        std::fs::write(&edited, text).map_err(|why| why.to_string())?;
        let begun = Instant::now();
        let mut glance = Glance::default();
        glance.look(&folder, &files, &Marks::whole()).map_err(|why| why.to_string())?;
        views.push(base.with(&pool, glance.edits()));
        spent += begun.elapsed();
    }
    let made = pool.came_from().made - before;
    let (all, _) = pool.written();
    let each = spent.checked_div(count.saturating_sub(1) as u32);
    let what = format!("{} worktrees, one edit each: looked at and seen, each", views.len());
    row(&what, each, made, None, all);
    let git_bytes: u64 = trees.made.iter().map(|folder| bytes_below(folder)).sum();
    println!(
        "\nThe disk of {} is {:.3} times that of one; git's worktrees take {:.0} MiB beside it.\n",
        views.len(),
        all as f64 / one.max(1) as f64,
        git_bytes as f64 / f64::from(1 << 20)
    );

    let far = git(&repository.root, &["rev-parse", "--first-parent", "HEAD~100"])?;
    let far = far.lines().last().unwrap_or_default().to_owned();
    let new = new_blobs(&repository.root, &far)?;
    let far: CommitId = far.parse().map_err(|why| format!("{why:?}"))?;
    repository.keep(far)?;
    let before = pool.came_from().made;
    let begun = Instant::now();
    let _far = shared.view(far)?;
    let took = begun.elapsed();
    let made = pool.came_from().made - before;
    println!("| what | time | new facts | new blobs | on disk MiB | resident MiB |");
    println!("|---|---:|---:|---:|---:|---:|");
    row("a commit 100 away", Some(took), made, Some(new), pool.written().0);
    Ok(())
}

struct Shared<'a> {
    repository: &'a Repository,
    pool: &'a Pool,
}

impl Shared<'_> {
    fn view(&self, commit: CommitId) -> Result<View, String> {
        let all = |_: &BStr| true;
        View::of_commit(self.pool, self.repository.objects(), commit, &all)
            .map_err(|why| why.to_string())
    }
}

fn row(what: &str, took: Option<Duration>, facts: u64, blobs: Option<usize>, disk: u64) {
    let took = took.map_or(String::new(), |took| format!("{:.1} ms", took.as_secs_f64() * 1e3));
    let blobs = blobs.map_or(String::new(), |blobs| blobs.to_string());
    let disk = disk as f64 / f64::from(1 << 20);
    println!("| {what} | {took} | {facts} | {blobs} | {disk:.1} | {} |", memory().1);
}

/// Worktrees that are taken away again.
struct Trees<'a> {
    root: &'a Path,
    made: Vec<PathBuf>,
}

impl Trees<'_> {
    fn add(&mut self, below: &Path, commit: CommitId) -> Result<PathBuf, String> {
        let folder = below.join(format!("tree-{}", self.made.len()));
        let (named, commit) = (folder.display().to_string(), commit.to_string());
        git(self.root, &["worktree", "add", "--quiet", "--detach", &named, &commit])?;
        self.made.push(folder.clone());
        Ok(folder)
    }
}

impl Drop for Trees<'_> {
    fn drop(&mut self) {
        for folder in &self.made {
            let _ = std::fs::remove_dir_all(folder);
        }
        let _ = git(self.root, &["worktree", "prune"]);
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_below(&entry.path()),
        Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |file| file.len()),
        Ok(_) | Err(_) => 0,
    });
    bytes.sum()
}

/// How many blobs, each under the names that tell its language alike, a commit has that the tip has not.
fn new_blobs(root: &Path, commit: &str) -> Result<usize, String> {
    let blobs = |commit: &str| -> Result<HashSet<(String, weir_grammar::Told)>, String> {
        let listed = git(root, &["ls-tree", "-r", "-z", commit])?;
        let entries = listed.split('\0').filter_map(|entry| {
            let (head, path) = entry.split_once('\t')?;
            let mut words = head.split(' ');
            let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
            (kind == "blob" && mode != "120000")
                .then(|| (id.to_owned(), weir_grammar::Told::by(path)))
        });
        Ok(entries.collect())
    };
    Ok(blobs(commit)?.difference(&blobs("HEAD")?).count())
}
