//! What a push may bring is bounded, and what it says is looked through, however it is put together.

use super::super::{Asked, Verdict};
use crate::Ask;
use crate::testing::{Field, MemoryStore, code};
use weir_git::CommitId;

/// What the boundary says to `new` from a session that holds a task with all paths.
fn judged(field: &Field, new: CommitId) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let engine = &field.engine;
        let task = field.task("all of it").await.expect("cut");
        let agent = field.session().await;
        let ask = Ask { task: Some(task), ..Ask::default() };
        engine.claim_task(&agent, ask).await.expect("claimed");
        let asked = Asked { target: "refs/for/main".into(), new: Some(new), pack_bytes: 1000 };
        let judged = engine.judge_push(&agent, &asked, engine.trunk().objects()).await;
        if let Err(crate::Error::Refused(refusal)) = &judged {
            assert!(!refusal.to_string().contains(SECRET), "a refusal repeats the secret");
        }
        code(&judged.map(|verdict| matches!(verdict, Verdict::Enter(_))))
    })
}

/// Of no use to anybody: never issued.
const SECRET: &str = "ghp_t1HRFGbQMPvXrcn8c7EXDdlT3KGUUqIeB5ym";

#[test]
fn a_secret_is_found_wherever_it_would_be_kept() {
    let field = Field::on(MemoryStore::default());
    let git = |args: &[&str]| field.repository.git(args);
    let commit = |message: &str| -> CommitId {
        git(&["commit", "-q", "--allow-empty", "-m", message]);
        git(&["rev-parse", "HEAD"]).trim().parse().expect("a commit")
    };
    // On top of a commit that is fine by itself, so that the push is not empty.
    let fine = field.commit("fine", "fine");
    assert_eq!(judged(&field, fine), "ok");
    let in_title = commit(&format!("use {SECRET}"));
    assert_eq!(judged(&field, in_title), "push.secret");
    let below = commit("fine again");
    assert_eq!(judged(&field, below), "push.secret", "the commit before it says it still");
    git(&["reset", "-q", "--hard", &fine.to_string()]);
    let in_body = commit(&format!("a title\n\nand below:\n{SECRET}\n"));
    assert_eq!(judged(&field, in_body), "push.secret");
    git(&["reset", "-q", "--hard", &fine.to_string()]);
    std::fs::write(field.repository.path().join(SECRET), "of no interest").expect("written");
    git(&["add", "--all"]);
    let in_name = commit("fine by itself");
    assert_eq!(judged(&field, in_name), "push.secret");
}

#[test]
fn the_same_content_at_many_paths_is_read_once_and_much_content_is_too_large() {
    let field = Field::on(MemoryStore::default());
    // A megabyte may be looked through.
    field.engine.0.rules.write().expect("whole").push.bytes_max = 100_000;
    let many = |differ: bool| {
        field.commit("base", "base");
        for n in 0..60 {
            let first = if differ { n } else { 0 };
            let text = format!("{first}\n{}", "a line of a larger file\n".repeat(2000));
            std::fs::write(field.repository.path().join(format!("file-{n}")), text).expect("kept");
        }
        field.repository.git(&["add", "--all"]);
        field.repository.git(&["commit", "-q", "-m", "large"]);
        field.repository.git(&["rev-parse", "HEAD"]).trim().parse().expect("a commit")
    };
    assert_eq!(judged(&field, many(false)), "ok");
    assert_eq!(judged(&field, many(true)), "push.too_large");
}
