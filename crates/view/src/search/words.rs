//! Which terms a text has: identifiers as they stand and in their parts, folded and brought to a stem.
//!
//! `pathRouter`, `PathRouter` and `path_router` are one term, `pathrouter`, and two parts, `path` and `router`; so a
//! question that says "path router" meets all three. Stems are cut bluntly ("registration", "registered" and
//! "registers" need not be English afterwards): the same cut is made on both sides, and no one reads a stem.

/// Longer runs of letters and digits are keys, digests and encoded data: nobody asks for their words.
const RUN_CHARS_MAX: usize = 80;

/// The identifiers of a text, as written: runs of letters, digits and `_`.
pub(super) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|run| {
        !run.is_empty() && run.len() <= RUN_CHARS_MAX && !run.trim_matches('_').is_empty()
    })
}

/// What an identifier is made of: its parts in lower case, where it has more than one; else itself alone.
pub(super) fn parts(identifier: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut before = Kind::Gap;
    let mut chars = identifier.chars().peekable();
    while let Some(c) = chars.next() {
        let kind = Kind::of(c);
        // `HTTPResponse`: the last capital of a run belongs to the word that it opens.
        let opens_word = kind == Kind::Upper
            && before == Kind::Upper
            && chars.peek().is_some_and(|next| Kind::of(*next) == Kind::Lower);
        let goes_on = match (before, kind) {
            (Kind::Upper, Kind::Lower) => true,
            (one, other) => one == other && !opens_word,
        };
        if !goes_on && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if kind != Kind::Gap {
            part.extend(c.to_lowercase());
        }
        before = kind;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// The whole of an identifier as one term, whichever way its parts are joined.
pub(super) fn whole(parts: &[String]) -> String {
    stem(&parts.concat()).to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gap,
    Upper,
    Lower,
    Digit,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '_' => Self::Gap,
            c if c.is_numeric() => Self::Digit,
            c if c.is_uppercase() => Self::Upper,
            _ => Self::Lower,
        }
    }
}

/// Endings that are cut, longest first, each with the fewest bytes that must stay before it.
const ENDINGS: &[(&str, usize)] = &[
    ("izations", 3),
    ("ization", 3),
    ("ational", 4),
    ("ations", 4),
    ("ation", 4),
    ("ators", 4),
    ("ator", 4),
    ("ments", 4),
    ("ating", 4),
    ("ated", 4),
    ("ates", 4),
    ("ment", 4),
    ("ness", 4),
    ("ings", 3),
    ("ions", 4),
    ("able", 4),
    ("ible", 4),
    ("izes", 3),
    ("ized", 3),
    ("izer", 3),
    ("izing", 3),
    ("ate", 4),
    ("ing", 3),
    ("ion", 4),
    ("ors", 4),
    ("ers", 3),
    ("ies", 3),
    ("ize", 3),
    ("ity", 4),
    ("or", 4),
    ("er", 3),
    ("ed", 3),
    ("es", 3),
    ("al", 4),
    ("ly", 4),
    ("s", 3),
    ("y", 3),
    ("e", 3),
];

/// A word in lower case without its ending: a prefix of it.
pub(super) fn stem(word: &str) -> &str {
    if word.len() < 4 || word.ends_with("ss") || !word.is_ascii() {
        return word;
    }
    let cut = ENDINGS
        .iter()
        .find_map(|(ending, stays)| word.strip_suffix(ending).filter(|rest| rest.len() >= *stays))
        .unwrap_or(word);
    // "formatting" and "format", "running" and "run".
    match cut.as_bytes() {
        [.., one, other]
            if cut.len() > 3
                && one == other
                && cut.len() < word.len()
                && !b"aeioul".contains(one) =>
        {
            &cut[..cut.len() - 1]
        }
        _ => cut,
    }
}

/// Words that carry a question and not its subject.
const CARRIERS: &[&str] = &[
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "between", "by",
    "can", "code", "could", "do", "does", "done", "each", "find", "for", "from", "get", "gets",
    "happens", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "like", "me",
    "my", "not", "of", "on", "or", "our", "should", "show", "so", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "to", "under", "up", "us", "used", "uses", "using",
    "via", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whose", "why",
    "will", "with", "within", "would", "you",
];

/// Whether a word, in lower case, only carries a question.
pub(super) fn is_carrier(word: &str) -> bool {
    CARRIERS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{CARRIERS, identifiers, is_carrier, parts, stem};

    #[test]
    fn identifiers_fall_into_their_parts() {
        for (identifier, expected) in [
            ("PathRouter", "path router"),
            ("path_router", "path router"),
            ("getHTTPResponse", "get http response"),
            ("__init__", "init"),
            ("sha256sum", "sha 256 sum"),
            ("MAX_LEN", "max len"),
            ("word", "word"),
            ("ÜberGröße", "über größe"),
        ] {
            assert_eq!(parts(identifier).join(" "), expected, "{identifier}");
        }
    }

    #[test]
    fn words_of_a_family_share_a_stem() {
        for family in [
            ["format", "formatter", "formatting"],
            ["route", "router", "routes"],
            ["parse", "parser", "parsing"],
            ["validate", "validator", "validation"],
            ["serialize", "serializer", "serialization"],
            ["run", "runs", "running"],
            ["dependency", "dependencies", "dependency"],
        ] {
            let [one, two, three] = family.map(stem);
            assert!(one == two && two == three, "{family:?}: {one} {two} {three}");
        }
        assert_ne!(stem("class"), stem("clas"));
        assert_eq!(stem("is"), "is");
    }

    #[test]
    fn carriers_are_sorted_and_subjects_are_none() {
        assert!(CARRIERS.is_sorted());
        assert!(is_carrier("how") && !is_carrier("retry"));
    }

    #[test]
    fn data_has_no_words() {
        let digest = "0".repeat(200);
        assert_eq!(identifiers(&format!("a {digest} _ b")).collect::<Vec<_>>(), ["a", "b"]);
    }
}
