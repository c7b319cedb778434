//! Answering: what the hook program prints and how it ends, so that the client honours a [`Ruling`].

use crate::dialect;
use serde_json::{Map, Value};
use weir_model::act::{Answer, Client, Moment, Ruling};

/// The most characters of a reason that are said: Claude Code cuts its strings at 10,000.
const REASON_MAX: usize = 8_000;

/// What the hook program leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// Its exit status.
    pub exit: u8,
}

impl Reply {
    /// Nothing to say: the client goes on by its own rules.
    pub(crate) fn silent() -> Self {
        Self { stdout: String::new(), stderr: String::new(), exit: 0 }
    }

    /// JSON in one line.
    pub(crate) fn json(value: &Value) -> Self {
        Self { stdout: format!("{value}\n"), ..Self::silent() }
    }

    /// The oldest way to block, which needs no shape: status 2 and a reason.
    pub(crate) fn blocked(reason: &str) -> Self {
        Self { stdout: String::new(), stderr: format!("{reason}\n"), exit: 2 }
    }
}

/// What goes with a ruling on its way to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What the model is told; the ruling's reasons when there is nothing better to say.
    pub text: Option<String>,
    /// What the model is to know from here on, where the event has a place for it.
    pub context: Option<String>,
    /// The tool's arguments as they are to be, when it is allowed with others.
    pub updated_input: Option<Map<String, Value>>,
    /// The approval that was asked for, such as `A12`.
    pub approval: Option<String>,
    /// Whether a person sits at the client, so that it can ask them.
    pub attended: bool,
    /// Whether an allowed act needs no other yes: the client is told not to ask its user again. Without it an
    /// allowed act still goes by the client's own rules; Weir only narrows.
    pub vouched: bool,
}

/// What a dialect puts into its own words.
pub(crate) struct Said<'a> {
    /// The event, as the client calls it.
    pub(crate) event: &'a str,
    /// What it stands for.
    pub(crate) moment: Moment,
    /// What is answered.
    pub(crate) answer: Answer,
    /// Why; never empty, since Codex runs a tool that was denied without a reason.
    pub(crate) reason: String,
    /// The rest.
    pub(crate) words: &'a Words,
}

/// The answer to `event`, in the dialect of `client`.
///
/// An `Ask` pauses the client where it can ask a person and one is there. Elsewhere it is a denial that says what
/// was asked for and what to do once it is given.
pub fn answer(client: Client, event: &str, ruling: &Ruling, words: &Words) -> Reply {
    let Some(moment) = dialect::moment(client, event) else {
        let sentence = format!("{} has no event `{}`", client.title(), event.escape_debug());
        return refuse(client, event, &sentence);
    };
    let reason = reason(ruling, words);
    dialect::answer(client, &Said { event, moment, answer: ruling.answer, reason, words })
}

/// What the hook program prints when it cannot reach the server, cannot read its payload, or fails itself.
///
/// Closed wherever the client waits for a yes or a no, and for events whose names are not known; a note that the
/// client may show where it does not wait.
pub fn refuse(client: Client, event: &str, sentence: &str) -> Reply {
    let mut reason = cut(&printable(sentence));
    if reason.trim().is_empty() {
        reason = "Weir could not decide, so this may not happen".to_owned();
    }
    let moment = dialect::moment(client, event).unwrap_or(Moment::BeforeTool);
    if !moment.is_decided() {
        return dialect::note(client, &reason);
    }
    let words = Words::default();
    let said = Said { event, moment, answer: Answer::Deny, reason, words: &words };
    dialect::refuse(client, &said)
}

/// Why, and what to do next, as one text for the model.
fn reason(ruling: &Ruling, words: &Words) -> String {
    let mut text = words.text.as_deref().map(printable).unwrap_or_else(|| told(ruling));
    if text.trim().is_empty() {
        text = match ruling.answer {
            Answer::Allow => "allowed by Weir".to_owned(),
            Answer::Ask => "a person must allow this first".to_owned(),
            Answer::Deny => "refused by Weir".to_owned(),
        };
    }
    if ruling.answer == Answer::Ask {
        text.push_str(&match &words.approval {
            Some(approval) => format!(
                "\nApproval `{}` was asked for. Once it is given, make exactly the same call again; until then \
                 go on with something else.",
                printable(approval)
            ),
            None => "\nA person must allow it first. Once they did, make exactly the same call again.".to_owned(),
        });
    }
    cut(&text)
}

fn told(ruling: &Ruling) -> String {
    let lines = ruling.reasons.iter().map(|reason| {
        let hint = reason.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
        printable(&format!("{}{hint} (`{}`)", reason.sentence, reason.policy))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Without control characters, which could repaint a terminal, and without the marks that turn text around.
fn printable(text: &str) -> String {
    let shown = |c: char| {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        if (c.is_control() && c != '\n' && c != '\t') || turns { '\u{fffd}' } else { c }
    };
    text.chars().map(shown).collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(REASON_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
