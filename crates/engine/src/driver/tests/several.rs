//! Several candidates at once, with real checks: what runs beside what, who is to blame, and what is given up.

use super::*;
use weir_model::CandidateId;
use weir_model::event::queue::Dropped;
use weir_queue::{Outcome, RunState, TipState};

/// A field whose one check is this line, with three workers.
fn checked_by(store: &MemoryStore, run: &str) -> Field {
    let rules = format!(
        "[[check]]\nname = \"test\"\nrun = '''{run}'''\ntime_limit = \"2m\"\n[queue]\nworkers = 3\n"
    );
    Field::with(store.clone(), &rules)
}

fn at_work(field: &Field) -> Drive {
    let mut drive = drive(field, "the one at work");
    drive.hold_lease().expect("free");
    drive
}

/// Why a revision came back; nothing if it did not.
fn returned(field: &Field, change: Brought) -> Option<String> {
    field.engine.read(|folds| {
        match &folds.review.change(change.revision.change).expect("known").state {
            weir_review::State::Returned(repair) => Some(repair.code.clone()),
            weir_review::State::Open
            | weir_review::State::Landed(_)
            | weir_review::State::Abandoned => None,
        }
    })
}

fn outcomes(field: &Field) -> Vec<(Vec<RevisionId>, Outcome)> {
    field.engine.read(|folds| {
        let all = folds.queue.candidates();
        all.map(|one| (one.revisions().collect(), one.outcome.clone())).collect()
    })
}

/// Each check waits until three of them have begun: alone, none would ever end.
#[test]
fn checks_run_beside_each_other_and_what_passed_lands_together() {
    let (store, meeting) = (MemoryStore::default(), tempfile::tempdir().expect("a folder"));
    let meeting = meeting.path().display();
    let line = format!(
        "touch {meeting}/$(ls src | wc -l); while [ $(ls {meeting} | wc -l) -lt 3 ]; do sleep 0.02; done"
    );
    let field = checked_by(&store, &line);
    let changes = [1, 2, 3].map(|number| bring(&field, &format!("src/{number}"), "text\n"));
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    let landings = assert_landed(&field, &changes);
    assert_eq!(outcomes(&field).len(), 3, "each was tested once, whatever landed when");
    assert!((1..=3).contains(&landings.len()));
}

#[test]
fn what_is_built_on_a_change_that_fails_is_given_up_and_tested_without_it() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "test ! -e bad || exit 3; test -e good || sleep 60");
    let bad = bring(&field, "bad", "text\n");
    let good = bring(&field, "good", "text\n");
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[good]);
    assert_eq!(returned(&field, bad).as_deref(), Some("check.failed"));
    let outcomes = outcomes(&field);
    let without = (vec![good.revision], Outcome::Landed(LandingId(1)));
    assert!(outcomes.contains(&without), "{outcomes:?}");
    let mut both = outcomes.iter().filter(|(held, _)| *held == [bad.revision, good.revision]);
    let is_given_up = |how: &Outcome| {
        let why = [Dropped::Ejected, Dropped::Unneeded, Dropped::Overtaken];
        why.iter().any(|why| *how == Outcome::Dropped(*why))
    };
    assert!(both.next().is_some_and(|(_, how)| is_given_up(how)), "{outcomes:?}");
}

/// Each is good alone; the two together are not. The later one goes back, and only after the earlier is known to be good.
#[test]
fn of_two_that_do_not_go_together_the_first_lands() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "! test -e one || ! test -e other");
    let (one, other) = (bring(&field, "one", "text\n"), bring(&field, "other", "text\n"));
    let third = bring(&field, "third", "text\n");
    let mut drive = at_work(&field);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (engine, owner) = (&field.engine, &field.owner);
    // So that it is found out what fails with what before anything lands.
    runtime.block_on(engine.freeze(owner, "a release".into())).expect("frozen");
    work(&mut drive);
    runtime.block_on(engine.thaw(owner)).expect("thawed");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[one, third]);
    assert_eq!(returned(&field, other).as_deref(), Some("check.interaction"));
    let repair = field.engine.read(|folds| {
        match &folds.review.change(other.revision.change).expect("known").state {
            weir_review::State::Returned(repair) => repair.clone(),
            state => panic!("{state:?}"),
        }
    });
    let with = repair.with.iter().find(|known| known.revision == one.revision).expect("named");
    assert_eq!((with.task, with.title.as_str()), (one.task, "one"));
    assert!(with.diff.contains("+++ b/one\n@@ -0,0 +1 @@\n+text\n"), "{}", with.diff);
    assert!(repair.sentence.contains(&format!("`{}`", one.revision)), "{}", repair.sentence);
}

/// Both write the same file. The second waits for what becomes of the first; a third goes on meanwhile.
#[test]
fn who_conflicts_with_one_ahead_waits_for_what_becomes_of_it() {
    for (text, lands) in [("good\n", true), ("bad\n", false)] {
        let store = MemoryStore::default();
        let field = checked_by(&store, "! grep -q bad same");
        let first = bring(&field, "same", text);
        let second = bring(&field, "same", "good as well\n");
        let third = bring(&field, "third", "text\n");
        let mut drive = at_work(&field);
        work(&mut drive);
        drop(drive);
        let code = Some(if lands { "merge.conflict" } else { "check.failed" });
        let (landed, back) = if lands { (first, second) } else { (second, first) };
        assert_landed(&field, &[landed, third]);
        assert_eq!(returned(&field, back).as_deref(), code);
    }
}

/// A check that hangs is ended when its change is withdrawn, and so is what was built upon it; what waits goes on.
#[test]
fn what_is_withdrawn_stops_at_once() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "if test -e hangs; then sleep 60 & wait; fi");
    let (hangs, good) = (bring(&field, "hangs", "text\n"), bring(&field, "good", "text\n"));
    let mut drive = at_work(&field);
    while drive.turn().expect("a turn") == Turn::Done {}
    let both = [hangs.revision, good.revision];
    let built = |held: &[RevisionId]| outcomes(&field).iter().any(|(built, _)| *built == held);
    assert!(built(&both) && built(&both[..1]), "{:?}", outcomes(&field));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let withdrawn = field.engine.withdraw_task(&field.owner, hangs.task);
    runtime.block_on(withdrawn).expect("withdrawn");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[good]);
    let all = outcomes(&field);
    for (held, how) in &all {
        let withdrawn = *how == Outcome::Dropped(Dropped::Withdrawn);
        assert_eq!(withdrawn, held.contains(&hangs.revision), "{all:?}");
    }
}

/// What counts is the gate of the trunk: who comes behind a change to it is tested once that has landed, and by it.
#[test]
fn who_comes_behind_a_new_gate_passes_the_new_gate() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "true");
    let strict = "[[check]]\nname = \"test\"\nrun = \"! test -e bad\"\n";
    let stricter = bring(&field, "weir.toml", strict);
    let (bad, good) = (bring(&field, "bad", "text\n"), bring(&field, "good", "text\n"));
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[stricter, good]);
    assert_eq!(returned(&field, bad).as_deref(), Some("check.failed"));
}

/// One failure is repeated before anybody is sent back; what passes then lands.
#[test]
fn what_passes_on_the_second_try_lands() {
    let (store, beside) = (MemoryStore::default(), tempfile::tempdir().expect("a folder"));
    let mark = beside.path().display();
    // Fails the first time that each tree is tested.
    let line =
        format!("mark={mark}/$(git rev-parse HEAD); test -e $mark || {{ touch $mark; exit 1; }}");
    let field = checked_by(&store, &line);
    let changes = [bring(&field, "one", "text\n"), bring(&field, "other", "text\n")];
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &changes);
    let runs =
        field.engine.read(|folds| folds.queue.candidate(CandidateId(1)).map(|q| q.runs.len()));
    assert_eq!(runs, Some(2));
}

/// The tip itself fails: nobody is sent back, and who mends it lands, and then whoever waited.
#[test]
fn a_trunk_that_is_red_is_nobodys_fault() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "test -e mended");
    let other = bring(&field, "other", "text\n");
    let mut drive = at_work(&field);
    work(&mut drive);
    assert_eq!(returned(&field, other), None);
    let state = field.engine.read(|folds| folds.queue.tip_state());
    assert!(matches!(state, TipState::Red(_)), "{state:?}");
    let mended = bring(&field, "mended", "text\n");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[mended, other]);
}

/// A program that is not there says nothing about a change, as long as nobody knows that the tip has it.
#[test]
fn a_machine_that_lacks_a_program_sends_nobody_back() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "weir-no-such-program");
    let one = bring(&field, "one", "text\n");
    let mut drive = at_work(&field);
    for _ in 0..3 {
        work(&mut drive);
        field.clock.forward(Duration::from_secs(30));
        drive.hold_lease().expect("ours");
    }
    assert_eq!(returned(&field, one), None);
    let voids = field.engine.read(|folds| {
        folds.queue.candidate(CandidateId(1)).map(|known| known.count(RunState::Void))
    });
    assert!(voids.is_some_and(|voids| voids >= 2), "{voids:?}");
}

/// Who takes away what the check needs is told so: on the tip it ran.
#[test]
fn who_takes_the_check_away_is_sent_back() {
    let store = MemoryStore::default();
    let field = checked_by(&store, "sh ./check.sh || exit $?; . ./check.sh");
    let adds = bring(&field, "check.sh", "true\n");
    let mut drive = at_work(&field);
    work(&mut drive);
    assert_landed(&field, &[adds]);
    let broken = bring(&field, "check.sh", "weir-no-such-program\n");
    work(&mut drive);
    drop(drive);
    assert_eq!(returned(&field, broken).as_deref(), Some("check.failed"));
}

/// A check that forks what outlives it, floods its output, and writes and commits in its tree: what lands is what was built.
#[test]
fn whatever_a_check_does_what_was_built_lands() {
    let store = MemoryStore::default();
    let line = "(setsid sleep 100 &) ; head -c 3000000 /dev/zero | tr '\\0' x; echo mine > mine; \
                git -c user.name=x -c user.email=x commit -qam mine; git update-ref refs/heads/main HEAD; true";
    let field = checked_by(&store, line);
    let changes = [bring(&field, "one", "text\n"), bring(&field, "other", "text\n")];
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &changes);
    let trunk = field.engine.trunk();
    let tip = trunk.tip().expect("a tip");
    let mine = trunk.objects().file(tip, "mine".into(), 100).expect("read");
    assert_eq!(mine, None);
}

/// A check that says what it looks at is not run where all of that is the same; and is run where it is not, be it a file of
/// the machine.
#[test]
fn a_check_is_skipped_by_proof() {
    let (store, beside) = (MemoryStore::default(), tempfile::tempdir().expect("a folder"));
    let (runs, tool) = (beside.path().join("runs"), beside.path().join("tool"));
    std::fs::write(&tool, "one").expect("written");
    let rules = format!(
        "[[check]]\nname = \"test\"\nrun = \"echo $WEIR_CHECK >> {}\"\npaths = [\"src/**\"]\n\
         toolchain = [\"{}\"]\n[queue]\nworkers = 1\n",
        runs.display(),
        tool.display()
    );
    let field = Field::with(store.clone(), &rules);
    let mut drive = at_work(&field);
    let mut ran = |file: &str| {
        let change = bring(&field, file, "text\n");
        work(&mut drive);
        let runs = std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
        let from = field.engine.read(|folds| {
            let landing = folds.queue.landings().next_back().expect("landed").clone();
            assert_eq!(landing.revisions, [change.revision]);
            let candidate = folds.queue.candidate(landing.candidate).expect("known");
            candidate.runs[0].results[0].taken_from
        });
        (runs, from)
    };
    assert_eq!(ran("src/a"), (1, None));
    // The first that lands so is tested again, in whole, where it has landed.
    assert_eq!(ran("docs/b"), (2, Some(CandidateId(1))));
    assert_eq!(ran("src/c"), (3, None));
    assert_eq!(ran("docs/d"), (3, Some(CandidateId(4))));
    std::fs::write(&tool, "two").expect("written");
    assert_eq!(ran("docs/e"), (4, None));
}

/// The check says that it looks at `docs`, and looks at `src` as well. What lands by its word is tested again on the trunk: from
/// then on its word does not count, and who mends it is tested in whole.
#[test]
fn a_check_that_looks_at_more_than_it_says_is_found_out() {
    let (store, beside) = (MemoryStore::default(), tempfile::tempdir().expect("a folder"));
    let runs = beside.path().join("runs");
    let rules = format!(
        "[[check]]\nname = \"docs\"\nrun = \"echo ran >> {}; test ! -e src/bad || test -e src/mend\"\n\
         paths = [\"docs/**\"]\n[queue]\nworkers = 1\n",
        runs.display()
    );
    let field = Field::with(store.clone(), &rules);
    let mut drive = at_work(&field);
    let mut ran = |file: &str| {
        let change = bring(&field, file, "text\n");
        work(&mut drive);
        let runs = std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
        (change, runs)
    };
    let (first, runs) = ran("docs/a");
    assert_eq!(runs, 1);
    let (bad, runs) = ran("src/bad");
    assert_eq!(runs, 3, "it landed unseen, and failed twice where it had landed");
    let audits = field.engine.read(|folds| folds.queue.audits().clone());
    let escape = audits.escapes.get("docs").map(|it| (it.passed, it.failed));
    assert_eq!(escape, Some((CandidateId(1), CandidateId(3))));
    let state = field.engine.read(|folds| folds.queue.tip_state());
    assert_eq!(state, TipState::Red(CandidateId(3)));
    let (mend, runs) = ran("src/mend");
    assert_eq!(runs, 4, "it was run on what it says that it does not look at");
    drop(drive);
    assert_landed(&field, &[first, bad, mend]);
    assert_eq!(field.engine.read(|folds| folds.queue.tip_state()), TipState::Proven);
}

/// No check looks at both changes. The first hangs until the second has landed, and then lands as well, without another run.
#[test]
fn who_is_looked_at_by_other_checks_waits_for_nobody() {
    let (store, beside) = (MemoryStore::default(), tempfile::tempdir().expect("a folder"));
    let (runs, go) = (beside.path().join("runs"), beside.path().join("go"));
    let check = |name: &str, run: &str| {
        format!(
            "[[check]]\nname = \"{name}\"\nrun = \"{run}; echo {name} >> {}\"\npaths = [\"{name}/**\"]\n",
            runs.display()
        )
    };
    let slow = format!("test ! -d slow || while ! test -e {}; do sleep 0.02; done", go.display());
    let rules = format!("{}{}[queue]\nworkers = 3\n", check("slow", &slow), check("quick", "true"));
    let field = Field::with(store.clone(), &rules);
    let (slow, quick) = (bring(&field, "slow/a", "text\n"), bring(&field, "quick/b", "text\n"));
    let mut drive = at_work(&field);
    let landed = || field.engine.read(|folds| folds.queue.landings().count());
    while landed() == 0 {
        if drive.turn().expect("a turn") != Turn::Done {
            assert!(drive.jobs.wait(), "the quick one lands");
        }
    }
    let first = field.engine.read(|folds| folds.queue.landings().next().cloned());
    assert_eq!(first.map(|landing| landing.revisions), Some(vec![quick.revision]));
    std::fs::write(&go, "").expect("written");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[slow, quick]);
    let ran = std::fs::read_to_string(&runs).expect("they ran");
    let of_slow = ran.lines().filter(|line| *line == "slow").count();
    // Once without the change, for the quick one, once with it, and once more on the trunk, for it was taken over there.
    assert!(of_slow <= 3, "{ran}");
}
