//! A full disk, through the real binary: what was acknowledged stays, what does not fit is refused with what to do, and
//! as soon as there is room the same server goes on, with nothing done twice.

mod support;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Ran, Repo, git, text};

/// A disk of its own for all that Weir keeps, its log too; nothing else is on it.
#[test]
fn a_disk_that_is_full() {
    if !in_a_mount_namespace("a_disk_that_is_full") {
        return;
    }
    let repo = prepared();
    let home = repo.dir.join(".git/weir");
    std::fs::create_dir(&home).expect("made");
    mount(&home);
    repo.up();
    let ballast = home.join("ballast");
    let mut disk = Disk { ballast };
    let day = Day::new(&repo).goes_bad(&mut disk);

    // And a server that is asked to end, and to begin, while there is no room.
    disk.fill();
    disk.fill_up();
    repo.weir(&["down"]).expect(0);
    disk.fill_up();
    let ran = repo.weir(&["up", "--listen", "127.0.0.1:0"]).expect(1);
    assert!(says_full(&ran.err), "{ran:#?}");
    let ran = repo.weir(&["up", "--detach", "--listen", "127.0.0.1:0"]).expect(1);
    assert!(ran.err.contains("`weir up` shows why"), "its words have no room: {ran:#?}");
    disk.ease();
    repo.up();
    day.is_kept();
    repo.weir(&["down"]).expect(0);
    // Or the folder could not go. Lazily, for the server may still hold its log for a moment.
    let unmounted = Command::new("umount").arg("--lazy").arg(&home).status().expect("it runs");
    assert!(unmounted.success(), "{unmounted}");
}

/// A limit on the size of files (`ulimit -f`), which the system enforces with a signal that ends a process.
#[test]
fn a_file_that_may_grow_no_further() {
    let repo = prepared();
    repo.up();
    let told = std::fs::read_to_string(repo.dir.join(".git/weir/server.json")).expect("read");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let pid = told["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    let pid = pid.expect("a process");
    let unlimited =
        prlimit(Some(pid), Resource::Fsize, rustix::process::getrlimit(Resource::Fsize));
    let mut limit = Limit { pid, before: unlimited.expect("our own server") };
    Day::new(&repo).goes_bad(&mut limit).is_kept();
}

/// What takes the room away and gives it back.
trait Trouble {
    /// Leaves room for a few megabytes.
    fn fill(&mut self);
    /// Takes what is left of it.
    fn fill_up(&mut self);
    fn ease(&mut self);
}

struct Disk {
    ballast: PathBuf,
}

impl Trouble for Disk {
    fn fill(&mut self) {
        std::fs::write(&self.ballast, vec![0; 4 << 20]).expect("there is room for it");
    }

    fn fill_up(&mut self) {
        let mut ballast = File::options().append(true).open(&self.ballast).expect("opened");
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    fn ease(&mut self) {
        std::fs::remove_file(&self.ballast).expect("removed");
    }
}

struct Limit {
    pid: Pid,
    before: Rlimit,
}

impl Trouble for Limit {
    fn fill(&mut self) {
        let limit = Rlimit { current: Some(1 << 20), maximum: self.before.maximum };
        prlimit(Some(self.pid), Resource::Fsize, limit).expect("our own server");
    }

    fn fill_up(&mut self) {}

    fn ease(&mut self) {
        prlimit(Some(self.pid), Resource::Fsize, self.before).expect("our own server");
    }
}

/// A repository whose check waits for a file, so that a change is under test for as long as we like.
fn prepared() -> Repo {
    let repo = Repo::empty();
    let [begun, go] = ["begun", "go"].map(|name| repo.beside(name).display().to_string());
    let run = format!("touch {begun}; until test -e {go}; do sleep 0.02; done");
    repo.write("weir.toml", &format!("[[check]]\nname = \"patient\"\nrun = \"{run}\"\n"));
    repo.commit("Begin");
    repo
}

/// What happened on that day.
struct Day<'r> {
    repo: &'r Repo,
    acknowledged: Vec<String>,
    refused: BTreeSet<String>,
}

impl<'r> Day<'r> {
    fn new(repo: &'r Repo) -> Self {
        Self { repo, acknowledged: Vec::new(), refused: BTreeSet::new() }
    }

    fn goes_bad(mut self, trouble: &mut dyn Trouble) -> Self {
        let early = self.worktree("ada", "early.txt", 100);
        let late = self.worktree("bob", "late.bin", 2 << 20);
        push(&early).expect(0);
        wait_for("the check begins", || self.repo.beside("begun").exists());

        trouble.fill();
        let mut filler = 0;
        while self.cut(&format!("Filler {filler}"), 20_000) {
            filler += 1;
            assert!(filler < 1000, "it is never full");
        }
        trouble.fill_up();
        // More than the log of the server has room for: to be refused must not depend on being written down.
        for nth in 0..60 {
            assert!(!self.cut(&format!("Too much {nth}"), 20_000), "there is no room");
        }
        self.repo.weir(&["status"]).expect(0);
        let ran = push(&late);
        assert!(ran.code != 0 && says_full(&ran.err), "{ran:#?}");
        // What is under test passes, and that it did cannot be recorded now.
        std::fs::write(self.repo.beside("go"), "").expect("written");
        self.repo.weir(&["status"]).expect(0);

        trouble.ease();
        assert!(self.cut("After", 100), "the same server goes on");
        push(&late).expect(0);
        for change in ["C1", "C2"] {
            let landed = || self.repo.json(&["show", change])["thing"]["state"] == "landed";
            wait_for("it lands", landed);
        }
        println!("{} acknowledged, {} refused", self.acknowledged.len(), self.refused.len());
        self.is_kept();
        self
    }

    /// A task, and a worktree with a commit for it: a file of so many bytes that cannot be packed any smaller.
    fn worktree(&mut self, agent: &str, file: &str, bytes: usize) -> PathBuf {
        let title = format!("For {agent}");
        let task = self.repo.json(&["task", "create", &title, "--paths", file]);
        self.acknowledged.push(title);
        let claim = self.repo.json(&["task", "claim", &text(&task, "/id"), "--agent", agent]);
        let tree = PathBuf::from(text(&claim, "/worktree"));
        let mut noise = vec![0; bytes];
        let random = File::open("/dev/urandom").and_then(|mut from| from.read_exact(&mut noise));
        random.and_then(|()| std::fs::write(tree.join(file), noise)).expect("written");
        git(&tree, &["add", "--all"]);
        git(&tree, &["commit", "--quiet", "--message", file]);
        tree
    }

    /// Cuts a task, and notes whether it was acknowledged. If not, it was because the disk is full, and said so.
    #[track_caller]
    fn cut(&mut self, title: &str, bytes: usize) -> bool {
        let more = "x".repeat(bytes);
        let args = ["task", "create", title, "--paths", "**", "--text", &more, "--json"];
        let ran = self.repo.weir(&args);
        if ran.code == 0 {
            self.acknowledged.push(title.to_owned());
            return true;
        }
        let refusal = ran.expect(1).refusal();
        let told = "the disk is full: could not record it, so it did not happen";
        assert_eq!((&refusal["code"], &refusal["sentence"]), (&"disk.full".into(), &told.into()));
        assert!(text(&refusal, "/hint").starts_with("free some space"), "{refusal}");
        self.refused.insert(title.to_owned());
        false
    }

    /// The ledger verifies, now and after a restart; all that was acknowledged is in it once, and nothing else.
    fn is_kept(&self) {
        self.reads_well();
        self.repo.weir(&["down"]).expect(0);
        self.repo.up();
        self.reads_well();
    }

    fn reads_well(&self) {
        self.repo.weir(&["audit", "verify"]).expect(0);
        let export = self.repo.beside("export");
        self.repo.weir(&["audit", "export", export.to_str().expect("UTF-8")]).expect(0);
        let export = std::fs::read_to_string(export).expect("read");
        let of = |kind: &str, field: &str| -> Vec<String> {
            let lines =
                export.lines().filter_map(|line| line.split_once(' ').map(|(_, line)| line));
            let records = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let events = records.map(|record| record["event"].clone());
            let events = events.filter(|event| event["kind"] == kind);
            events.map(|event| text(&event, &format!("/{field}"))).collect()
        };
        assert_eq!(of("task.created.v1", "title"), self.acknowledged);
        assert_eq!(of("revision.submitted.v1", "revision"), ["C1.1", "C2.1"]);
        assert_eq!(of("change.landed.v1", "revision"), ["C1.1", "C2.1"]);
        let trunk = self.repo.dir.join(".git/weir/trunk.git");
        assert_eq!(
            git(&trunk, &["rev-list", "--count", "--merges", "main"]),
            "2",
            "each landed once"
        );
        git(&trunk, &["fsck", "--connectivity-only"]);
    }
}

fn push(tree: &Path) -> Ran {
    let mut command = Command::new("git");
    command.args(["push", "--quiet", "weir", "HEAD:refs/for/main"]).current_dir(tree);
    Ran::new(&command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git runs"))
}

fn says_full(said: &str) -> bool {
    said.contains("the disk is full") && said.contains("free some space")
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "not in two minutes: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Set where a test runs again, in a namespace of its own.
const INSIDE: &str = "WEIR_TEST_INSIDE";

/// To mount needs a namespace in which we are root: the machine's root makes one of mounts alone, others one of users
/// as well, where the system lets them. Runs `test` again in it; says whether this is that run.
fn in_a_mount_namespace(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let folder = tempfile::tempdir().expect("a folder");
    let unshared = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way);
        command
    };
    let may = |way: &&&[&str]| {
        let mut command = unshared(way);
        let mount = command.args(["mount", "-t", "tmpfs", "weir-test"]).arg(folder.path());
        mount.output().is_ok_and(|tried| tried.status.success())
    };
    let Some(way) = ways.iter().find(may) else {
        println!(
            "SKIPPED {test}: neither as root nor in a user namespace may a disk be mounted here"
        );
        return false;
    };
    let exe = std::env::current_exe().expect("this test");
    let mut again = unshared(way);
    again.arg(exe).args([test, "--exact", "--nocapture"]).env(INSIDE, "1");
    let ran = again.status().expect("it runs again");
    assert!(ran.success(), "in a namespace of its own ({way:?}): {ran}");
    false
}

fn mount(folder: &Path) {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", "size=10m,mode=700", "weir-test"]).arg(folder);
    assert!(command.status().expect("it runs").success(), "mounted");
}
