//! What happened to the code, in a small repository: which commits changed a definition, who wrote it, what goes with it.

mod repository;

use repository::Repository;
use weir_view::answer::HistoryAnswer;
use weir_view::ask::Budget;
use weir_view::history::History;

const BEGIN: &str = "def push():\n    return 1\n\n\ndef pull():\n    return 1\n";
const PUSHED: &str = "def push():\n    return 2\n\n\ndef pull():\n    return 1\n";
const RESHAPED: &str = "def push(it):\n    return 2\n\n\ndef pull():\n    return 1\n";

fn asked(repository: &Repository, history: &History, what: &str) -> HistoryAnswer {
    let objects = repository.trunk.objects();
    repository.ask(&[], |asked| {
        history.ask(objects, asked, what, Budget::new(None), &|| false).expect("read")
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
        history.ask(objects, asked, "push", Budget::new(None), &|| true).expect("read")
    });
    assert!(answer.commits.is_empty());
    assert!(answer.envelope.cut.is_some_and(|cut| cut.contains("for want of time")));
    let nothing = asked(&repository, &history, "pusher");
    assert!(nothing.of.is_empty() && nothing.commits.is_empty());
}
