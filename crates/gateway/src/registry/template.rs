//! A value in which secrets are named, and filled in by nobody but the gateway.

/// Text with the names of secrets in it: `Bearer {secret:issues}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Secret(String),
}

const OPEN: &str = "{secret:";

impl Template {
    /// Reads a template; says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("`{OPEN}` without its `}}`"));
            };
            let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || name.len() > 64 || !name.chars().all(good) {
                return Err(
                    "a secret's name is 1 to 64 of letters, digits, `-`, `_`, `.`".to_owned()
                );
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Secret(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The names of the secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Secret(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with every secret filled in; the name of one that is missing.
    pub(crate) fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Secret(name) => filled.push_str(&value(name).ok_or_else(|| name.clone())?),
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_filled_in_by_name() {
        let rows = [
            ("plain {text}", Ok("plain {text}")),
            ("Bearer {secret:a}", Ok("Bearer A")),
            ("{secret:a}{secret:b.c}", Ok("AB")),
            ("{secret:gone}!", Err("gone")),
        ];
        let value = |name: &str| match name {
            "a" => Some("A".to_owned()),
            "b.c" => Some("B".to_owned()),
            _ => None,
        };
        for (text, expected) in rows {
            let filled = Template::parse(text).expect(text).fill(value);
            assert_eq!(filled, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        for text in ["{secret:", "{secret:}", "{secret:a b}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
