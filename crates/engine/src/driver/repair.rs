//! Repair contracts: what an owner needs to mend a change without asking anybody.

use weir_git::BString;
use weir_model::config::Check;
use weir_model::event::queue::Verdict;
use weir_model::event::review::{Counterpart, Repair};
use weir_model::{Refusal, RevisionId};
use weir_queue::{Candidate, Cause, CheckResult, Culprit};
use weir_work::Task;

/// What fits on a screen, and in an agent's context without crowding out the work.
const LOG_LINES: usize = 40;
const LOG_BYTES: usize = 4096;
const PATHS_SHOWN: usize = 20;
const INTENT_BYTES: usize = 2048;
/// So much of each counterpart's diff.
pub(crate) const DIFF_BYTES: usize = 8192;
/// The likeliest ones: whoever needs more asks the queue.
pub(crate) const COUNTERPARTS_MAX: usize = 3;

/// A check failed, or ran too long.
pub(crate) fn failed(
    candidate: &Candidate,
    check: &Check,
    result: &CheckResult,
    log: &[u8],
    culprit: &Culprit,
    with: Vec<Counterpart>,
) -> Repair {
    let name = &check.name;
    let beside: Vec<RevisionId> =
        candidate.rest().into_iter().filter(|one| *one != culprit.revision).collect();
    let (code, sentence) = match (result.verdict, result.exit_code) {
        (Verdict::TimedOut, _) => {
            ("check.timed_out", format!("check `{name}` ran longer than {}", check.time_limit))
        }
        (_, Some(exit)) => ("check.failed", format!("check `{name}` failed with exit code {exit}")),
        (_, None) => ("check.failed", format!("check `{name}` was killed by a signal")),
    };
    let list = |all: &[RevisionId]| {
        let all: Vec<_> = all.iter().map(|one| format!("`{one}`")).collect();
        all.join(", ")
    };
    let (code, sentence) = match (&culprit.cause, beside.as_slice()) {
        (Cause::Content, []) => (code, sentence),
        (Cause::Content, others) => {
            (code, format!("{sentence} together with {}, which pass without it", list(others)))
        }
        (Cause::Interaction { with }, _) if with.is_empty() => {
            let since = "it passed, and fails with what landed since";
            ("check.interaction", format!("{sentence}: {since}"))
        }
        (Cause::Interaction { with }, _) => {
            let one_of = if with.len() > 1 { "one of " } else { "" };
            let why = "each passes without the other";
            ("check.interaction", format!("{sentence} together with {one_of}{}: {why}", list(with)))
        }
    };
    let hint = match &culprit.cause {
        Cause::Content => "mend it on your branch, commit, and push again; you still hold the task",
        Cause::Interaction { .. } => {
            "rebase onto the trunk, keep what both sides are for, and push again; you still hold the task"
        }
    };
    Repair {
        code: code.into(),
        sentence,
        beside,
        log: tail(log),
        body: Some(result.log),
        reproduce: Some(format!(
            "git fetch weir refs/weir/candidates/{} && git checkout --detach FETCH_HEAD && sh -c {}",
            candidate.id,
            quoted(&check.run)
        )),
        hint: hint.into(),
        with,
        ..Repair::default()
    }
}

/// A change that another does not go together with.
pub(crate) fn counterpart(
    revision: RevisionId,
    base: &str,
    commit: &str,
    task: &Task,
    diff: String,
) -> Counterpart {
    let intent = &task.text;
    let end = intent.floor_char_boundary(INTENT_BYTES);
    Counterpart {
        revision,
        task: task.id,
        title: task.title.clone(),
        intent: intent[..end].to_owned(),
        diff,
        see: format!(
            "git fetch weir refs/weir/changes/{}/{} && git diff {base} {commit}",
            revision.change, revision.number
        ),
    }
}

/// The change and the trunk touch the same lines.
pub(crate) fn conflict(trunk: &str, paths: &[BString]) -> Repair {
    let mut shown: Vec<String> = paths
        .iter()
        .take(PATHS_SHOWN)
        .map(|path| path.to_string().escape_debug().to_string())
        .collect();
    if paths.len() > PATHS_SHOWN {
        shown.push(format!("and {} more", paths.len() - PATHS_SHOWN));
    }
    Repair {
        code: "merge.conflict".into(),
        sentence: format!("it does not merge onto `{trunk}`: {}", shown.join(", ")),
        log: shown.join("\n"),
        body: None,
        reproduce: Some(format!("git fetch weir {trunk} && git rebase FETCH_HEAD")),
        hint: format!("rebase onto `{trunk}`, keep what both sides meant, and push again"),
        ..Repair::default()
    }
}

/// Git would not merge it at all.
pub(crate) fn refused(refusal: &Refusal) -> Repair {
    Repair {
        code: refusal.code.to_string(),
        sentence: refusal.sentence.clone(),
        log: String::new(),
        body: None,
        reproduce: None,
        hint: refusal.hint.clone().unwrap_or_else(|| "mend it and push again".into()),
        ..Repair::default()
    }
}

/// One word for a shell: nothing in single quotes means anything but a single quote.
fn quoted(line: &str) -> String {
    format!("'{}'", line.replace('\'', r"'\''"))
}

/// The last lines of a log: where most tools say what went wrong.
fn tail(log: &[u8]) -> String {
    let text = String::from_utf8_lossy(log);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n");
    let from = last.ceil_char_boundary(last.len().saturating_sub(LOG_BYTES));
    last.get(from..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_cut_to_its_last_lines() {
        let long: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let cut = tail(long.as_bytes());
        assert_eq!(cut.lines().count(), LOG_LINES);
        assert!(cut.ends_with("line 999"));
        assert!(tail("ä".repeat(10_000).as_bytes()).len() <= LOG_BYTES);
        assert_eq!(tail(b""), "");
    }
}
