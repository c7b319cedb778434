//! What happened to the code, in a small repository: which commits changed a definition, who wrote it, what goes with it.

mod repository;

use repository::{Repository, git};
use weir_view::answer::{HistoryAnswer, Together};
use weir_view::ask::Budget;
use weir_view::history::{History, Source, followed};

const BEGIN: &str = "def push():\n    return 1\n\n\ndef pull():\n    return 1\n";
const PUSHED: &str = "def push():\n    return 2\n\n\ndef pull():\n    return 1\n";
const RESHAPED: &str = "def push(it):\n    return 2\n\n\ndef pull():\n    return 1\n";

fn asked(repository: &Repository, history: &History, what: &str) -> HistoryAnswer {
    let objects = repository.trunk.objects();
    repository.ask(&[], |asked| {
        let source = Source::Git(objects, &|| false);
        history.ask(source, asked, what, Budget::new(None)).expect("read")
    })
}

fn told(answer: &HistoryAnswer) -> Vec<String> {
    let one = |one: &weir_view::answer::PastCommit| {
        let how = one.how.as_deref().unwrap_or("-");
        format!("{} {} {how} {}", one.subject, one.author, one.path)
    };
    answer.commits.iter().map(one).collect()
}

fn lanes() -> Repository {
    let repository = Repository::of(&[("lane.py", BEGIN), ("door.py", "x = 1\n")]);
    repository.commit("bea", "push more", &[("lane.py", PUSHED), ("door.py", "x = 2\n")], &[]);
    repository.commit("bea", "push it", &[("lane.py", RESHAPED), ("door.py", "x = 3\n")], &[]);
    repository.commit("ann", "elsewhere", &[("other.py", "y = 1\n")], &[]);
    repository
}

#[test]
fn a_symbol_has_the_commits_that_changed_it_and_no_others() {
    let (repository, history) = (lanes(), History::default());
    let push = asked(&repository, &history, "push");
    assert_eq!(push.of, ["push in lane.py"]);
    assert_eq!(
        told(&push),
        [
            "push it bea reshaped lane.py",
            "push more bea changed lane.py",
            "begin ann added lane.py"
        ]
    );
    let pull = asked(&repository, &history, "pull");
    assert_eq!(told(&pull), ["begin ann added lane.py"]);
    let path = asked(&repository, &history, "lane.py");
    assert_eq!(
        told(&path),
        ["push it bea - lane.py", "push more bea - lane.py", "begin ann - lane.py"]
    );
    assert_eq!(path.envelope.cut, None);
}

#[test]
fn it_is_followed_through_renames_and_to_the_file_that_it_came_from() {
    let repository = lanes();
    repository.commit("cee", "rename", &[("deep/lane.py", RESHAPED)], &["lane.py"]);
    let push_alone = "def push(it):\n    return 2\n";
    let pull_alone = "def pull():\n    return 1\n";
    let files = [("deep/lane.py", pull_alone), ("push.py", push_alone)];
    repository.commit("cee", "apart", &files, &[]);
    let push = asked(&repository, &History::default(), "push");
    assert_eq!(
        told(&push),
        [
            "apart cee added push.py",
            "push it bea reshaped lane.py",
            "push more bea changed lane.py",
            "begin ann added lane.py"
        ]
    );
    let path = asked(&repository, &History::default(), "deep/lane.py");
    assert_eq!(told(&path).len(), 5, "{:?}", told(&path));
}

#[test]
fn it_says_who_wrote_it_and_what_changes_with_it() {
    let (repository, history) = (lanes(), History::default());
    let path = asked(&repository, &history, "lane.py");
    let authors: Vec<_> = path.authors.iter().map(|one| (&*one.name, one.commits)).collect();
    assert_eq!(authors, [("bea", 2), ("ann", 1)]);
    assert_eq!(path.authors.iter().map(|one| one.percent).sum::<u32>(), 100);
    let together: Vec<_> =
        path.together.iter().map(|one| (&*one.path, one.times, one.of)).collect();
    assert_eq!(together, [("door.py", 3, 3)]);
}

#[test]
fn a_commit_that_changes_everything_says_nothing() {
    let repository = lanes();
    let files: Vec<(String, String)> =
        (0..60).map(|nth| (format!("many/{nth}.py"), "z = 1\n".to_owned())).collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.push(("lane.py", BEGIN));
    repository.commit("dee", "format", &files, &[]);
    let path = asked(&repository, &History::default(), "lane.py");
    assert!(told(&path).iter().all(|one| !one.contains("dee")), "{:?}", told(&path));
}

#[test]
fn it_stops_when_its_time_is_up_and_says_so() {
    let (repository, history) = (lanes(), History::default());
    let objects = repository.trunk.objects();
    let answer = repository.ask(&[], |asked| {
        let source = Source::Git(objects, &|| true);
        history.ask(source, asked, "push", Budget::new(None)).expect("read")
    });
    assert!(answer.commits.is_empty());
    assert!(answer.envelope.cut.is_some_and(|cut| cut.contains("for want of time")));
    let nothing = asked(&repository, &history, "pusher");
    assert!(nothing.of.is_empty() && nothing.commits.is_empty());
}

#[test]
fn what_was_not_read_before_is_told_only_when_it_was() {
    let (repository, history) = (lanes(), History::default());
    let kept = |what: &str| {
        repository.ask(&[], |asked| {
            let (head, of) = (asked.view.commit(), followed(asked, what));
            history.past(Source::Kept, head, &of).expect("asked")
        })
    };
    let past = kept("push");
    assert!(past.is_unread && past.commits.is_empty());
    assert!(past.cut.is_some_and(|cut| cut.contains("being read")));
    // The commits are read by whoever asks of a path, and what they did to definitions is not.
    asked(&repository, &history, "door.py");
    let path = kept("lane.py");
    assert_eq!((path.commits.len(), path.cut, path.is_unread), (3, None, false));
    assert_eq!(path.together.first().map(|one| (&*one.path, one.times)), Some(("door.py", 3)));
    let past = kept("push");
    assert!(past.is_unread && past.cut.is_some_and(|cut| cut.contains("being read")));
    let whole = asked(&repository, &history, "push");
    let past = kept("push");
    assert_eq!((past.commits, past.authors), (whole.commits, whole.authors));
    assert!(!past.is_unread);
    let nothing = kept("pusher");
    assert!(!nothing.is_unread && nothing.cut.is_none());
}

#[test]
fn what_changes_when_one_of_several_does_is_counted_without_them() {
    let (repository, history) = (lanes(), History::default());
    let tip = repository.tip();
    let source = Source::Git(repository.trunk.objects(), &|| false);
    let of = |paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let past = history.together(source, tip, &paths).expect("read");
        let one = |one: &Together| format!("{} {} of {}", one.path, one.times, one.of);
        past.together.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(of(&["lane.py"]), ["door.py 3 of 3"]);
    assert_eq!(of(&["lane.py", "door.py"]), [""; 0]);
    assert_eq!(of(&["other.py"]), [""; 0], "once is chance");
}

#[test]
fn where_history_ends_early_it_is_still_said_what_is_being_read() {
    let (repository, history) = (lanes(), History::default());
    let tree = git(&repository.root, &["rev-parse", "HEAD~3^{tree}"]);
    let (folder, name) = tree.split_at(2);
    let object = repository.root.join(".git/objects").join(folder).join(name);
    std::fs::remove_file(object).expect("as in a shallow clone");
    let ends = asked(&repository, &history, "door.py").envelope.cut.unwrap_or_default();
    assert!(ends.contains("not in this clone"), "{ends}");
    let kept = || {
        repository.ask(&[], |asked| {
            let (head, of) = (asked.view.commit(), followed(asked, "push"));
            history.past(Source::Kept, head, &of).expect("asked")
        })
    };
    let past = kept();
    assert!(past.is_unread && past.cut.is_some_and(|cut| cut.contains("being read")));
    asked(&repository, &history, "push");
    let past = kept();
    assert!(!past.is_unread && past.cut.is_some_and(|cut| cut.contains("not in this clone")));
}
