//! What a policy is to people: its name, what it answers, its words.

use super::source::{Fault, File, Statement};
use super::words::Words;
use std::fmt;
use weir_model::act::Answer;

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The organization's: it can only make an answer stricter, and no repository can weaken it.
    Floor,
    /// The repository's own, from its folder of policies.
    Repository,
    /// Weir's, where the repository has no file of that name.
    Default,
}

impl Layer {
    /// What the names of its policies begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Repository => "repository",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It permits: what no such policy matches is denied.
    Permit,
    /// It answers [`Answer::Ask`] or [`Answer::Deny`], whatever permits.
    Forbid(Answer),
}

/// One policy, without its conditions.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its layer and its id, such as `default.outside_read`.
    pub name: String,
    /// Whose it is.
    pub layer: Layer,
    /// The file it stands in.
    pub file: String,
    /// The line it begins at.
    pub line: u32,
    /// What it does.
    pub kind: Kind,
    /// Whether it is recorded and not enforced.
    pub shadow: bool,
    /// Its text, annotations included.
    pub text: String,
    pub(super) reason: Option<Words>,
    pub(super) hint: Option<Words>,
}

/// The annotations that mean something. Any other is a typing error that would open or close a wall.
const ANNOTATIONS: [&str; 5] = ["id", "answer", "reason", "hint", "shadow"];
const ID_CHARS_MAX: usize = 80;

impl Rule {
    /// Reads the annotations of a policy.
    pub(super) fn read(
        policy: &cedar_policy::Policy,
        layer: Layer,
        file: File<'_>,
        statement: Statement<'_>,
    ) -> Result<Self, Fault> {
        let fault = |sentence: String| file.fault(statement.start, sentence);
        if let Some((odd, _)) = policy.annotations().find(|(key, _)| !ANNOTATIONS.contains(key)) {
            let known = ANNOTATIONS.map(|name| format!("`@{name}`")).join(", ");
            return Err(fault(format!(
                "`@{odd}` is not an annotation of Weir's: there are {known}"
            )));
        }
        let id = policy.annotation("id").ok_or_else(|| {
            fault("a policy needs a name, by which people will know it: `@id(\"…\")`".to_owned())
        })?;
        let good =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
        if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(good) {
            let what = "an id is 1 to 80 of `a`-`z`, `0`-`9`, `_`, `-`, `.`";
            return Err(fault(format!("`@id({:?})`: {what}", shortened(id))));
        }
        let permits = policy.effect() == cedar_policy::Effect::Permit;
        let kind = match (permits, policy.annotation("answer")) {
            (true, None) => Kind::Permit,
            (false, None | Some("deny")) => Kind::Forbid(Answer::Deny),
            (false, Some("ask")) => Kind::Forbid(Answer::Ask),
            (true, Some(_)) => {
                let sentence = "`@answer` belongs to `forbid`: a `permit` always answers allow";
                return Err(fault(sentence.to_owned()));
            }
            (false, Some(other)) => {
                let sentence = format!("`@answer({other:?})`: it is \"ask\" or \"deny\"");
                return Err(fault(sentence));
            }
        };
        if permits && layer == Layer::Floor {
            let sentence = "a floor only forbids: what it does not forbid, the repository decides";
            return Err(fault(sentence.to_owned()));
        }
        let shadow = match policy.annotation("shadow") {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                return Err(fault(format!("`@shadow({other:?})`: it is \"true\" or \"false\"")));
            }
        };
        let words = |key: &str| {
            let words = policy.annotation(key).map(Words::parse).transpose();
            words.map_err(|why| fault(format!("`@{key}`: {why}")))
        };
        Ok(Self {
            name: format!("{layer}.{id}"),
            layer,
            file: file.name.to_owned(),
            line: file.fault(statement.start, "").line,
            kind,
            shadow,
            text: statement.text.to_owned(),
            reason: words("reason")?,
            hint: words("hint")?,
        })
    }

    /// The line it ends at.
    pub(super) fn last_line(&self) -> u32 {
        let more = self.text.matches('\n').count();
        self.line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
    }

    /// What it answers when it matches.
    pub fn answer(&self) -> Answer {
        match self.kind {
            Kind::Permit => Answer::Allow,
            Kind::Forbid(answer) => answer,
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(ID_CHARS_MAX).collect()
}
