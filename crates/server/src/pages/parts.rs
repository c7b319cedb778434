//! Small parts of pages: ids that can be followed, times as people say them, sentences with what they quote.

use maud::{Markup, html};
use weir_model::{AnyId, Timestamp};

/// An id, to be followed.
pub(super) fn id_link(id: &str) -> Markup {
    let shown: String = match id.parse::<AnyId>() {
        Ok(AnyId::Commit(name)) => crate::see::short(&name).to_owned(),
        Ok(AnyId::Body(_)) => id.chars().take(17).collect::<String>() + "…",
        Ok(
            AnyId::Task(_)
            | AnyId::Session(_)
            | AnyId::Change(_)
            | AnyId::Revision(_)
            | AnyId::Person(_)
            | AnyId::Token(_)
            | AnyId::Candidate(_)
            | AnyId::Landing(_)
            | AnyId::Approval(_)
            | AnyId::Event(_),
        )
        | Err(_) => id.to_owned(),
    };
    html! { a.id href={ "/show/" (id) } { (shown) } }
}

/// A sentence of ours: what stands in backticks is an id to follow, or something to read letter by letter.
pub(super) fn words(sentence: &str) -> Markup {
    html! {
        @for (index, part) in sentence.split('`').enumerate() {
            @if index % 2 == 0 { (part) }
            @else if part.parse::<AnyId>().is_ok() { (id_link(part)) }
            @else { code { (part) } }
        }
    }
}

/// A time, as far from `now` as people say it, with the exact one behind it.
pub(super) fn time(at: Timestamp, now: Timestamp) -> Markup {
    let exact = at.to_string();
    let (before, length, after) = if at > now {
        ("in ", about(at.since(now).as_secs()), "")
    } else {
        ("", about(now.since(at).as_secs()), " ago")
    };
    let text =
        if length.is_empty() { "now".to_owned() } else { format!("{before}{length}{after}") };
    html! { time datetime=(exact) title=(exact) { (text) } }
}

/// How long something has lasted.
pub(super) fn lasting(since: Timestamp, now: Timestamp) -> Markup {
    let exact = since.to_string();
    let length = about(now.since(since).as_secs());
    let text = if length.is_empty() { "just now".to_owned() } else { length };
    html! { time datetime=(exact) title={ "since " (exact) } { (text) } }
}

/// When something is expected, and until then.
pub(super) fn coming(at: Timestamp, now: Timestamp) -> Markup {
    let exact = at.to_string();
    let length = about(at.since(now).as_secs());
    let text = if length.is_empty() { "any moment".to_owned() } else { format!("in {length}") };
    html! { time datetime=(exact) title={ "about " (exact) } { (text) } }
}

/// `3 min`, `2 h`, `5 d`; nothing for less than five seconds.
fn about(seconds: u64) -> String {
    match seconds {
        0..5 => String::new(),
        5..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => match seconds % 3600 / 60 {
            0 => format!("{} h", seconds / 3600),
            minutes => format!("{} h {minutes} min", seconds / 3600),
        },
        86_400.. => format!("{} d", seconds / 86_400),
    }
}

/// How much more there is than is shown.
pub(super) fn more(shown: usize, total: u64) -> Markup {
    let rest = total.saturating_sub(shown as u64);
    html! { @if rest > 0 { p.more { "and " (rest) " more" } } }
}

/// Where something stands, in a word.
pub(super) fn tag(word: &str) -> Markup {
    let kind = match word {
        "landed" | "done" | "passed" | "allowed" | "granted" => "tag good",
        "returned" | "ejected" | "failed" | "lost" | "repair" | "revoked" | "ended" | "denied"
        | "stopped" | "unguarded" | "refused" => "tag bad",
        "in_review" | "review" | "asked" | "waiting" | "paused" | "held" => "tag wait",
        "claimed" | "testing" | "test" | "landing" | "working" | "alive" | "submitted" => "tag go",
        _ => "tag",
    };
    html! { span class=(kind) { (word.replace('_', " ")) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_followed_or_read_and_nothing_is_markup() {
        let made = words("ann (`P1`) ran `make <b>` on <i>T1</i>").into_string();
        assert_eq!(
            made,
            "ann (<a class=\"id\" href=\"/show/P1\">P1</a>) ran <code>make &lt;b&gt;</code> on &lt;i&gt;T1&lt;/i&gt;"
        );
    }

    #[test]
    fn times_are_told_as_people_say_them() {
        let now = Timestamp::from_millis(10_000_000_000);
        let rows = [
            (0, ">now<"),
            (30, ">30 s ago<"),
            (150, ">2 min ago<"),
            (7200, ">2 h ago<"),
            (7500, ">2 h 5 min ago<"),
            (200_000, ">2 d ago<"),
            (-90, ">in 1 min<"),
        ];
        for (seconds, expected) in rows {
            let at = Timestamp::from_millis(now.as_millis() - seconds * 1000);
            let made = time(at, now).into_string();
            assert!(made.contains(expected), "{seconds}: {made}");
        }
    }
}
