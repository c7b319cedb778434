//! What a run promises, tried on real processes.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};
use weir_sandbox::{Cancel, Ended, Failure, Outcome, Spec, Tier, run};

fn spec(line: &str) -> Spec {
    Spec { time_limit: Duration::from_secs(20), ..Spec::shell(line, std::env::temp_dir()) }
}

fn shell(line: &str) -> Outcome {
    run(&spec(line), &Cancel::new()).expect("a shell starts")
}

fn text(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.output.text).into_owned()
}

/// Whether a process runs whose command line contains `needle`.
fn lives(needle: &str) -> bool {
    let pids = fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok());
    pids.filter_map(|pid| fs::read(pid.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(needle))
}

fn gone_soon(needle: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while lives(needle) {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn tells_how_a_process_ended() {
    let table = [
        ("true", Ended::Exited(0)),
        ("exit 7", Ended::Exited(7)),
        ("no-such-program-here", Ended::Exited(127)),
        ("kill -TERM $$", Ended::Signalled(15)),
        ("kill -KILL $$", Ended::Signalled(9)),
    ];
    for (line, how) in table {
        let outcome = shell(line);
        assert_eq!((outcome.how, outcome.tier), (how, Tier::Limits), "{line}");
    }
    let gone = run(&Spec::exec("no-such-program", ["x"], "/"), &Cancel::new()).expect("starts");
    assert_eq!(gone.how, Ended::Exited(127));
}

#[test]
fn keeps_both_streams_in_the_order_in_which_they_were_written() {
    let outcome = shell("echo one; echo two >&2; echo three");
    assert_eq!(text(&outcome), "one\ntwo\nthree\n");
    let spec = Spec::exec("printf", ["%s|%s", "a b", "$HOME"], "/");
    assert_eq!(text(&run(&spec, &Cancel::new()).expect("runs")), "a b|$HOME", "no shell between");
}

#[test]
fn has_the_environment_it_was_given_and_an_empty_stdin() {
    let mut spec = spec("cat; env | sed 's/=.*//' | grep -vE '^(PWD|OLDPWD|SHLVL|_)$' | sort");
    spec.env.retain(|name, _| name == "PATH");
    let outcome = run(&spec.env("WEIR_TASK", "T1"), &Cancel::new()).expect("runs");
    assert_eq!(text(&outcome), "PATH\nWEIR_RUN\nWEIR_TASK\n");
}

#[test]
fn a_missing_directory_is_a_failure_that_names_it() {
    let missing = Spec::shell("true", "/no/such/dir");
    let failure = run(&missing, &Cancel::new()).expect_err("nothing to start in");
    assert!(matches!(&failure, Failure::Dir { dir, .. } if dir == Path::new("/no/such/dir")));
    assert_eq!(failure.to_string(), "could not start in `/no/such/dir`");
}

#[test]
fn a_flood_of_output_is_bounded_and_still_timed_out() {
    let spec = Spec {
        time_limit: Duration::from_millis(300),
        output_limit_bytes: 1000,
        ..spec("echo first; yes")
    };
    let outcome = run(&spec, &Cancel::new()).expect("runs");
    assert_eq!(outcome.how, Ended::TimedOut);
    assert!(text(&outcome).starts_with("first\ny\n"));
    assert!(outcome.output.text.len() < 1100 && outcome.output.left_out_bytes > 10_000);
}

#[test]
fn time_is_up_for_the_whole_tree() {
    // A child of the shell, one that left the group, and one whose parent is gone: all hold the pipe.
    let line = "sleep 3301 & setsid sleep 3302 & (setsid sleep 3303 &) ; echo up; sleep 3304";
    let spec = Spec { time_limit: Duration::from_millis(500), ..spec(line) };
    let outcome = run(&spec, &Cancel::new()).expect("runs");
    assert_eq!((outcome.how, text(&outcome).as_str()), (Ended::TimedOut, "up\n"));
    assert!(outcome.elapsed < Duration::from_secs(5), "{:?}", outcome.elapsed);
    assert!(gone_soon("sleep 330"), "something of the tree lives on");
}

#[test]
fn what_stays_behind_after_a_normal_end_is_killed_too() {
    let outcome = shell("setsid sleep 3311 & sleep 3312 & echo done");
    assert_eq!((outcome.how, text(&outcome).as_str()), (Ended::Exited(0), "done\n"));
    assert!(gone_soon("sleep 331"), "something of the tree lives on");
}

#[test]
fn a_closed_output_is_not_an_end() {
    let outcome = shell("exec >/dev/null 2>&1; sleep 0.2; exit 3");
    assert_eq!(outcome.how, Ended::Exited(3));
}

#[test]
fn a_thrown_switch_ends_it_before_and_during() {
    let cancel = Cancel::new();
    let other = cancel.clone();
    let thrower = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        other.cancel();
    });
    let outcome = run(&spec("sleep 3321"), &cancel).expect("runs");
    assert_eq!(outcome.how, Ended::Cancelled);
    thrower.join().expect("no panic");
    let again = run(&spec("sleep 3322"), &cancel).expect("runs");
    assert_eq!(again.how, Ended::Cancelled);
    assert!(gone_soon("sleep 332"), "something of the tree lives on");
}

#[test]
fn no_zombie_is_left() {
    for _ in 0..5 {
        shell("sleep 0.01 & true");
    }
    let me = std::process::id().to_string();
    let stats = fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok());
    let ours =
        stats.filter_map(|pid| fs::read_to_string(pid.path().join("stat")).ok()).filter(|s| {
            let rest = s.rsplit(')').next().unwrap_or_default();
            rest.split_ascii_whitespace().take(2).eq(["Z", me.as_str()])
        });
    assert_eq!(ours.count(), 0);
}

/// Not a test of its own: the caller that the next one kills.
#[test]
#[ignore = "started by `the_tree_dies_with_its_caller`"]
fn a_caller_that_will_be_killed() {
    shell("setsid sleep 3331 & sleep 3332");
}

#[test]
fn the_tree_dies_with_its_caller() {
    let mut caller = Command::new(std::env::current_exe().expect("own path"))
        .args(["--exact", "a_caller_that_will_be_killed", "--ignored"])
        .spawn()
        .expect("starts");
    let until = Instant::now() + Duration::from_secs(10);
    while !(lives("sleep 3331") && lives("sleep 3332")) {
        assert!(Instant::now() < until, "the caller never got going");
        thread::sleep(Duration::from_millis(20));
    }
    caller.kill().expect("killed");
    caller.wait().expect("buried");
    assert!(gone_soon("sleep 333"), "the tree outlived its caller");
}
