//! Which file an import of TypeScript or JavaScript means: by its path, by the `paths` of a `tsconfig.json` around it, or by
//! the name of a package of the same repository.

use super::{folder_of, join, normal};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the manifests say of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// The packages, and their folders.
    packages: BTreeMap<String, Package>,
    /// The `paths` of each `tsconfig.json`, by its folder.
    paths: Vec<(String, Pattern)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Package {
    folder: String,
    /// The files that it says it begins with.
    begins: Vec<String>,
}

/// `@app/*` and what it stands for, `src/app/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    before: String,
    /// What follows the star; `None` when there is none.
    after: Option<String>,
    stands_for: Vec<String>,
}

const ENDINGS: [&str; 10] = ["ts", "tsx", "d.ts", "mts", "cts", "js", "jsx", "mjs", "cjs", "json"];

impl Names {
    /// Reads a `package.json`.
    pub(super) fn package(&mut self, path: &str, text: &str) {
        let Ok(read) = serde_json::from_str::<Value>(text) else { return };
        let Some(name) = read["name"].as_str() else { return };
        let folder = folder_of(path).to_owned();
        let said =
            ["source", "types", "module", "main"].iter().filter_map(|key| read[key].as_str());
        let begins = said.filter_map(|file| normal(&join(&folder, file))).collect();
        self.packages.insert(name.to_owned(), Package { folder, begins });
    }

    /// Reads a `tsconfig.json`, or what one builds upon.
    pub(super) fn config(&mut self, path: &str, text: &str) {
        let Ok(read) = serde_json::from_str::<Value>(&without_comments(text)) else { return };
        let options = &read["compilerOptions"];
        let folder = folder_of(path);
        let base = join(folder, options["baseUrl"].as_str().unwrap_or("."));
        for (pattern, targets) in options["paths"].as_object().into_iter().flatten() {
            let (before, after) = match pattern.split_once('*') {
                Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
                None => (pattern.clone(), None),
            };
            let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
            let stands_for = targets.filter_map(|target| normal(&join(&base, target))).collect();
            self.paths.push((folder.to_owned(), Pattern { before, after, stands_for }));
        }
    }

    /// The files that may be meant; `None` for what is installed.
    pub(super) fn files(&self, at: &str, from: &str) -> Option<Vec<String>> {
        if from.starts_with('.') {
            return Some(candidates(&normal(&join(folder_of(at), from))?));
        }
        let below = |folder: &str| {
            folder.is_empty() || at.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let nearest = self.paths.iter().filter(|(folder, _)| below(folder));
        let nearest = nearest
            .filter_map(|(folder, pattern)| Some((folder.len(), pattern.stand_for(from)?)))
            .max_by_key(|(nearness, _)| *nearness);
        if let Some((_, paths)) = nearest {
            return Some(paths.iter().flat_map(|path| candidates(path)).collect());
        }
        let (package, rest) = self.package_of(from)?;
        let mut files = Vec::new();
        if rest.is_empty() {
            files.extend(package.begins.iter().flat_map(|path| candidates(path)));
        }
        for folder in [join(&package.folder, "src"), package.folder.clone()] {
            let path = if rest.is_empty() { "index" } else { rest };
            files.extend(candidates(&join(&folder, path)));
        }
        Some(files)
    }

    fn package_of<'f>(&self, from: &'f str) -> Option<(&Package, &'f str)> {
        let mut parts = from.match_indices('/').map(|(at, _)| at);
        // A name with a scope has one stroke in it.
        let end = if from.starts_with('@') { parts.nth(1) } else { parts.next() };
        let (name, rest) = from.split_at(end.unwrap_or(from.len()));
        Some((self.packages.get(name)?, rest.trim_start_matches('/')))
    }
}

impl Pattern {
    fn stand_for(&self, from: &str) -> Option<Vec<String>> {
        let Some(after) = &self.after else {
            return (from == self.before).then(|| self.stands_for.clone());
        };
        let star = from.strip_prefix(self.before.as_str())?.strip_suffix(after.as_str())?;
        Some(self.stands_for.iter().map(|path| path.replacen('*', star, 1)).collect())
    }
}

/// The files that a path without an ending may be.
fn candidates(path: &str) -> Vec<String> {
    let mut files = vec![path.to_owned()];
    // What is written as the file that will be built is the file it is built from.
    for (built, sources) in [
        (".js", &["ts", "tsx", "d.ts"][..]),
        (".mjs", &["mts", "d.mts"]),
        (".cjs", &["cts"]),
        (".jsx", &["tsx"]),
    ] {
        let stem = path.strip_suffix(built);
        files.extend(
            stem.into_iter()
                .flat_map(|stem| sources.iter().map(move |end| format!("{stem}.{end}"))),
        );
    }
    files.extend(ENDINGS.iter().map(|ending| format!("{path}.{ending}")));
    files.extend(ENDINGS.iter().map(|ending| join(path, &format!("index.{ending}"))));
    files
}

/// JSON as its readers of configurations take it: without comments, and without a comma before a bracket that closes.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => {
                plain.push(letter);
                plain.extend(letters.next());
                continue;
            }
            '"' => quoted = !quoted,
            '/' if !quoted && letters.peek() == Some(&'/') => {
                while letters.next_if(|letter| *letter != '\n').is_some() {}
                continue;
            }
            '/' if !quoted && letters.peek() == Some(&'*') => {
                letters.next();
                let mut last = ' ';
                for letter in letters.by_ref() {
                    if (last, letter) == ('*', '/') {
                        break;
                    }
                    last = letter;
                }
                continue;
            }
            ']' | '}' if !quoted && plain.trim_end().ends_with(',') => {
                plain.truncate(plain.trim_end().len() - 1);
            }
            _ => {}
        }
        plain.push(letter);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_files_by_the_manifests_around_them() {
        let mut names = Names::default();
        let config = r#"{
            // Words, with a "quote".
            "compilerOptions": { "paths": { "@in/*": ["./src/*"], "redux": ["./src/index.ts"], }, /* and */ },
        }"#;
        names.config("tsconfig.json", config);
        names.config(
            "web/tsconfig.json",
            r#"{"compilerOptions": {"baseUrl": "app", "paths": {"@in/*": ["*"]}}}"#,
        );
        names.package(
            "packages/one/package.json",
            r#"{"name": "@all/one", "main": "./lib/main.js"}"#,
        );
        names.package("packages/two/package.json", "no JSON");
        for (at, from, expected) in [
            ("test/a.ts", "@in/b", Some("src/b.ts")),
            ("test/a.ts", "redux", Some("src/index.ts")),
            ("web/a.ts", "@in/b", Some("web/app/b.ts")),
            ("a.ts", "@all/one", Some("packages/one/lib/main.ts")),
            ("a.ts", "@all/one", Some("packages/one/src/index.ts")),
            ("a.ts", "@all/one/deep", Some("packages/one/src/deep.ts")),
            ("a.ts", "@all/two", None),
            ("a.ts", "react", None),
            ("a.ts", "../x", None),
        ] {
            let files = names.files(at, from);
            let found = files
                .as_ref()
                .map(|files| files.iter().any(|file| Some(file.as_str()) == expected));
            assert_eq!(found, expected.map(|_| true), "{from} in {at}: {files:?}");
        }
    }
}
