//! What a path tells of a file before it is read: which words name it, and whether it is what one looks for first.

use super::words;

/// What a file is for, by where it lies and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// What the project is made of.
    Source,
    /// Declares types for what is written elsewhere.
    Declaration,
    /// Tests, their data and their helpers.
    Test,
    /// Examples, samples and benches.
    Example,
    /// Kept for those who cannot move on.
    Legacy,
    /// Brought in whole from elsewhere.
    Vendored,
    /// Made by a program.
    Generated,
    /// Prose.
    Prose,
    /// Data and settings.
    Data,
}

impl Place {
    pub(super) fn of(path: &str) -> Self {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folders: Vec<String> = folders.split('/').map(str::to_ascii_lowercase).collect();
        let within = |names: &[&str]| folders.iter().any(|folder| names.contains(&folder.as_str()));
        let lower = name.to_ascii_lowercase();
        let (stem, ending) = lower.rsplit_once('.').unwrap_or((&lower, ""));
        if within(&[
            "vendor",
            "vendored",
            "third_party",
            "third-party",
            "thirdparty",
            "node_modules",
            "external",
        ]) {
            Self::Vendored
        } else if is_generated(&lower, stem) || within(&["dist", "generated", "__generated__"]) {
            Self::Generated
        } else if is_test(name, stem, ending) || within(TEST_FOLDERS) {
            Self::Test
        } else if within(&[
            "example",
            "examples",
            "_examples",
            "sample",
            "samples",
            "demo",
            "demos",
            "docs_src",
        ]) || within(&["bench", "benches", "benchmark", "benchmarks"])
        {
            Self::Example
        } else if within(&["compat", "_compat", "legacy", "deprecated"]) {
            Self::Legacy
        } else if lower.ends_with(".d.ts") || ending == "pyi" {
            Self::Declaration
        } else if ["md", "mdx", "rst", "txt", "adoc", "org"].contains(&ending) || is_paper(&lower) {
            Self::Prose
        } else if DATA.contains(&ending) || lower.starts_with('.') {
            Self::Data
        } else {
            Self::Source
        }
    }
}

const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "testing",
    "testdata",
    "fixtures",
    "__mocks__",
    "e2e",
];

const DATA: &[&str] = &[
    "json",
    "yaml",
    "yml",
    "toml",
    "xml",
    "csv",
    "tsv",
    "lock",
    "ini",
    "cfg",
    "conf",
    "svg",
    "pem",
    "properties",
    "sum",
    "mod",
    "gradle",
    "plist",
];

/// Whether the languages' own conventions call it a test.
fn is_test(name: &str, stem: &str, ending: &str) -> bool {
    let camel = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match ending {
        "py" | "rb" | "c" | "cc" | "cpp" | "lua" | "dart" if stem.starts_with("test_") => true,
        "py" => stem.ends_with("_test") || stem == "conftest",
        "go" | "rb" | "c" | "cc" | "cpp" | "lua" | "dart" | "rs" | "exs" => {
            stem.ends_with("_test") || stem.ends_with("_spec") || stem.ends_with("_tests")
        }
        "java" | "kt" | "cs" | "php" | "swift" | "scala" | "groovy" | "hs" => {
            ["Test", "Tests", "TestCase", "Spec", "Suite", "IT"]
                .iter()
                .any(|end| camel.ends_with(end))
        }
        "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "vue" | "svelte" => {
            stem.ends_with(".test")
                || stem.ends_with(".spec")
                || stem.ends_with("-test")
                || stem.ends_with("-spec")
        }
        "bats" => true,
        _ => false,
    }
}

fn is_generated(lower: &str, stem: &str) -> bool {
    stem.ends_with(".pb")
        || stem.ends_with("_pb2")
        || stem.ends_with(".min")
        || stem.ends_with(".generated")
        || stem.ends_with("_generated")
        || stem.ends_with(".g")
        || lower.ends_with("-lock.json")
}

fn is_paper(lower: &str) -> bool {
    [
        "license",
        "licence",
        "copying",
        "authors",
        "contributors",
        "changelog",
        "changes",
        "readme",
        "notice",
    ]
    .contains(&lower)
}

/// Names that say nothing of their own: such a file stands for its folder.
const DOORS: &[&str] = &["mod", "index", "__init__", "lib", "main", "init", "package-info"];

/// The words that name a file: its own, and its folder's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Stems of the words of its name; of its folder's, where its own says nothing.
    pub(super) own: Vec<String>,
    /// Its name as one term.
    pub(super) whole: String,
    /// Stems of the words of the folder around it.
    pub(super) around: Vec<String>,
    /// Whether it stands for its folder.
    pub(super) is_door: bool,
}

impl Named {
    pub(super) fn of(path: &str) -> Self {
        let mut pieces = path.rsplit('/');
        let name = pieces.next().unwrap_or(path);
        let stem = name
            .split_once('.')
            .map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem });
        let is_door = DOORS.contains(&stem.to_ascii_lowercase().as_str());
        let own = if is_door { pieces.next().unwrap_or(stem) } else { stem };
        let around = pieces.next().unwrap_or("");
        let parts: Vec<String> = words::identifiers(own).flat_map(words::parts).collect();
        Self { own: stems(&parts), whole: words::whole(&parts), around: stems_of(around), is_door }
    }
}

fn stems_of(name: &str) -> Vec<String> {
    stems(&words::identifiers(name).flat_map(words::parts).collect::<Vec<_>>())
}

fn stems(parts: &[String]) -> Vec<String> {
    parts.iter().map(|part| words::stem(part).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Named, Place};

    #[test]
    fn a_path_tells_what_a_file_is_for() {
        for (path, place) in [
            ("src/push/retry.rs", Place::Source),
            ("lib/bats-core/test_functions.bash", Place::Source),
            ("src/click/testing.py", Place::Source),
            ("tests/push.rs", Place::Test),
            ("pkg/push_test.go", Place::Test),
            ("src/PushTest.java", Place::Test),
            ("src/latest.java", Place::Source),
            ("src/push.spec.ts", Place::Test),
            ("examples/push.rs", Place::Example),
            ("vendor/a/b.c", Place::Vendored),
            ("api/push.pb.go", Place::Generated),
            ("types/push.d.ts", Place::Declaration),
            ("README.md", Place::Prose),
            ("Cargo.lock", Place::Data),
            ("src/compat/push.py", Place::Legacy),
        ] {
            assert_eq!(Place::of(path), place, "{path}");
        }
    }

    #[test]
    fn a_file_that_is_a_door_is_named_by_its_folder() {
        let door = Named::of("axum/src/error_handling/mod.rs");
        assert_eq!((door.own.join(" "), door.is_door), ("error handl".to_owned(), true));
        let plain = Named::of("src/routing/path_router.rs");
        assert_eq!(
            (plain.own.join(" "), plain.around.join(" ")),
            ("path rout".to_owned(), "rout".to_owned())
        );
    }
}
