//! Which paths of a repository somebody may touch.

use crate::Refusal;
use bstr::{BStr, ByteSlice as _};
use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A set of paths, by patterns relative to the root of the repository.
///
/// `src/**` is all below `src`; `*.md` are files at the root; `**/*.rs` are files anywhere; a name without a
/// wildcard is that file, and with a slash at its end all below that folder. Empty, it matches nothing.
/// Matching is on bytes: a file name need not be UTF-8.
///
/// Clones share what it holds.
#[derive(Clone, Default)]
pub struct PathSet(Arc<Patterns>);

#[derive(Default)]
struct Patterns {
    texts: Vec<String>,
    /// Made when the first path is asked about: a pattern costs as much to compile as a thousand events to read,
    /// and a ledger holds far more patterns than are ever asked.
    matchers: OnceLock<Vec<GlobMatcher>>,
}

/// No task needs more; a list this long is a mistake or an attack.
const PATTERNS_MAX: usize = 200;
const PATTERN_BYTES_MAX: usize = 1000;

impl PathSet {
    /// Every path there is.
    pub fn everything() -> Self {
        Self::new(["**"]).expect("`**` is a pattern")
    }

    /// The paths that match any of `patterns`.
    ///
    /// # Errors
    /// `paths.malformed` names the first pattern that is not one.
    pub fn new<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, Refusal> {
        let patterns: Vec<String> = patterns.into_iter().map(Into::into).collect();
        if patterns.len() > PATTERNS_MAX {
            let sentence = format!("{} patterns are more than {PATTERNS_MAX}", patterns.len());
            return Err(Refusal::new("paths.too_many", sentence).hint("name folders: `src/**`"));
        }
        patterns.iter().try_for_each(|pattern| glob(pattern).map(drop))?;
        Ok(Self(Arc::new(Patterns { texts: patterns, matchers: OnceLock::new() })))
    }

    /// Whether `path` is in the set. `path` is as git spells it: no leading slash, `/` between parts.
    pub fn contains(&self, path: &BStr) -> bool {
        // What cannot be a path on this platform is in no set: the wall stays closed.
        path.to_path().is_ok_and(|path| self.matchers().iter().any(|glob| glob.is_match(path)))
    }

    /// Whether a pattern names `path` itself, letter by letter.
    pub fn names(&self, path: &BStr) -> bool {
        self.patterns().iter().any(|pattern| pattern.as_bytes() == path.as_bytes())
    }

    /// The patterns, as they were given.
    pub fn patterns(&self) -> &[String] {
        &self.0.texts
    }

    /// Whether nothing matches.
    pub fn is_empty(&self) -> bool {
        self.patterns().is_empty()
    }

    fn matchers(&self) -> &[GlobMatcher] {
        self.0.matchers.get_or_init(|| {
            let globs = self.patterns().iter().filter_map(|pattern| glob(pattern).ok());
            globs.map(|glob| glob.compile_matcher()).collect()
        })
    }
}

fn glob(pattern: &str) -> Result<Glob, Refusal> {
    let malformed = |why: &str| {
        let shown: String = pattern.chars().take(80).collect();
        Refusal::new(
            "paths.malformed",
            format!("`{}` is not a path pattern: {why}", shown.escape_debug()),
        )
        .hint("write it from the root of the repository: `src/**`, `docs/`, `README.md`")
    };
    let odd = pattern.split('/').any(|part| part == ".." || part == ".");
    if pattern.is_empty() || pattern.starts_with('/') || odd {
        return Err(malformed("it must be relative, without `.` or `..`"));
    }
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(malformed("it is too long"));
    }
    let whole = if pattern.ends_with('/') { format!("{pattern}**") } else { pattern.to_owned() };
    GlobBuilder::new(&whole)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| malformed(&error.kind().to_string()))
}

impl fmt::Display for PathSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.patterns().join(" "))
    }
}

impl fmt::Debug for PathSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.patterns()).finish()
    }
}

impl PartialEq for PathSet {
    fn eq(&self, other: &Self) -> bool {
        self.patterns() == other.patterns()
    }
}

impl Eq for PathSet {}

impl Serialize for PathSet {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.patterns().serialize(out)
    }
}

impl<'de> Deserialize<'de> for PathSet {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::new(Vec::<String>::deserialize(input)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_mean_what_they_look_like() {
        let rows: &[(&str, &str, bool)] = &[
            ("src/**", "src/a/b.rs", true),
            ("src/**", "srcs/a.rs", false),
            ("docs/", "docs/a/b.md", true),
            ("docs/", "docs", false),
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("**/*.rs", "a.rs", true),
            ("**/*.rs", "a/b/c.rs", true),
            ("README.md", "README.md", true),
            ("README.md", "README.md.bak", false),
            ("**", ".github/workflows/ci.yml", true),
            ("a*c", "abc", true),
            ("a*c", "a/c", false),
            ("{a,b}/x", "b/x", true),
        ];
        for (pattern, path, expected) in rows {
            let set = PathSet::new([*pattern]).expect(pattern);
            assert_eq!(set.contains(BStr::new(path)), *expected, "{pattern} on {path}");
        }
        assert!(!PathSet::default().contains(BStr::new("a")));
        assert!(PathSet::everything().contains(BStr::new(b"caf\xe9/\xff.txt")));
    }

    #[test]
    fn what_is_not_a_pattern_is_refused() {
        for pattern in ["", "/etc/passwd", "../up", "a/./b", "a/[", "{a"] {
            assert_eq!(PathSet::new([pattern]).expect_err(pattern).code, "paths.malformed");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_and_no_path_panics(pattern in ".*", path in any::<Vec<u8>>()) {
            if let Ok(set) = PathSet::new([pattern]) {
                let _ = set.contains(BStr::new(&path));
            }
        }
    }
}
