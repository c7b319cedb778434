//! What may be a name: short, visible, and not to be mistaken for another.

use weir_model::Refusal;

/// The most characters of a name or a label.
const NAME_CHARS_MAX: usize = 64;
/// The most characters of a reason in words.
const REASON_CHARS_MAX: usize = 500;

/// `text` as a name for `what`.
pub(crate) fn checked(what: &str, text: String) -> Result<String, Refusal> {
    plain(what, text, NAME_CHARS_MAX)
}

/// `text` as a reason, which may be longer.
pub(crate) fn reason(text: String) -> Result<String, Refusal> {
    plain("a reason", text, REASON_CHARS_MAX)
}

fn plain(what: &str, text: String, chars_max: usize) -> Result<String, Refusal> {
    let length = text.chars().count();
    let wrong = if !(1..=chars_max).contains(&length) {
        format!("{what} has 1 to {chars_max} characters, this one has {length}")
    } else if text.chars().any(|c| c.is_control() || invisible(c)) {
        format!("{what} has no control characters and none that cannot be seen")
    } else if text.trim() != text {
        format!("{what} neither begins nor ends with a space")
    } else {
        return Ok(text);
    };
    Err(Refusal::new("name.malformed", wrong).hint("choose another"))
}

/// Characters that print nothing or turn the text around them: two names that differ by one look the same.
/// Unicode's `Default_Ignorable_Code_Point` as far as it is assigned, and the line and paragraph separators.
pub(crate) fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_visible() {
        for good in ["Ann", "Ann Lee", "安", &"x".repeat(64)] {
            assert_eq!(checked("a name", good.to_owned()).expect(good), good);
        }
        for bad in ["", " Ann", "Ann ", "An\nn", "An\u{200b}n", "\u{202e}nnA", &"x".repeat(65)] {
            let refusal = checked("a name", bad.to_owned()).expect_err(bad);
            assert_eq!(refusal.code, "name.malformed");
        }
    }
}
