//! Which file an import means. Paths and names only; what a build script or a loader would make of it is not guessed.

mod scripts;

use crate::fact::Import;
use crate::tree::View;
use bstr::{BStr, ByteSlice as _};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use weir_grammar::Language;

/// What the manifests of a repository call its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// Rust: the crates by the names that code uses, and the folders of their sources.
    crates: BTreeMap<String, String>,
    /// Rust: the folders in which a crate begins.
    roots: BTreeSet<String>,
    /// Go: the modules by their paths, and their folders.
    modules: BTreeMap<String, String>,
    /// Python: the folders that are packages.
    packages: BTreeSet<String>,
    /// TypeScript and JavaScript.
    scripts: scripts::Names,
    /// Manifests whose text is gone.
    unread: Vec<String>,
}

/// What an import may mean: the files that would be looked at, in order, and what of them is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// One of these files; the name stands in it.
    File(Vec<String>),
    /// Any file of this folder: a package of Go, or of Java.
    Folder(String),
    /// A class of Java or Kotlin: a file whose path ends so.
    Ending(String),
}

impl Manifests {
    /// Reads the manifests of a view, with their texts.
    pub fn read(view: &View, text: impl Fn(&BStr) -> Option<String>) -> Self {
        let (mut all, unread) = (Self::default(), RefCell::new(Vec::new()));
        let text = |path: &BStr| {
            let found = text(path);
            if found.is_none() {
                unread.borrow_mut().push(path.to_str_lossy().into_owned());
            }
            found
        };
        for (path, _) in view.files() {
            let name = path.rsplit_str("/").next().unwrap_or_default();
            let folder = folder_of(&path.to_str_lossy()).to_owned();
            match name {
                b"Cargo.toml" => {
                    if let Some(name) = text(path).as_deref().and_then(crate_name) {
                        all.crates.insert(name.replace('-', "_"), join(&folder, "src"));
                    }
                }
                b"go.mod" => {
                    let text = text(path).unwrap_or_default();
                    let module = text.lines().find_map(|line| line.strip_prefix("module "));
                    if let Some(module) = module {
                        all.modules.insert(module.trim().trim_matches('"').to_owned(), folder);
                    }
                }
                b"lib.rs" | b"main.rs" => drop(all.roots.insert(folder)),
                b"__init__.py" => drop(all.packages.insert(folder)),
                b"package.json" => {
                    let text = text(path).unwrap_or_default();
                    all.scripts.package(&path.to_str_lossy(), &text);
                }
                name if name.starts_with(b"tsconfig") && name.ends_with(b".json") => {
                    let text = text(path).unwrap_or_default();
                    all.scripts.config(&path.to_str_lossy(), &text);
                }
                _ => {}
            }
        }
        all.unread = unread.into_inner();
        all
    }

    /// Manifests whose text could not be had: their parts have no names here.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// What `import` means in the file `at`; `None` for what lies outside the repository, or is not told by its path.
    pub fn meant(&self, language: Language, at: &str, import: &Import) -> Option<Meant> {
        match language {
            Language::Rust => self.rust(at, &import.from).map(Meant::File),
            Language::Python => Some(Meant::File(self.python(at, &import.from))),
            Language::TypeScript | Language::Tsx | Language::JavaScript => {
                self.scripts.files(at, &import.from).map(Meant::File)
            }
            Language::Go => self.go(&import.from).map(Meant::Folder),
            Language::Java | Language::Kotlin | Language::Scala => Some(java(import)),
            Language::C
            | Language::Cpp
            | Language::CSharp
            | Language::Ruby
            | Language::Php
            | Language::Swift
            | Language::Bash
            | Language::Sql => None,
        }
    }

    /// The files that the module `path`, as written in the file `at`, may be.
    pub fn rust(&self, at: &str, path: &str) -> Option<Vec<String>> {
        let mut parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
        let (root, own) = self.module_of_rust(at);
        let mut least = 0;
        let mut module: Vec<String> = match parts.first().copied() {
            Some("crate") => {
                parts.remove(0);
                Vec::new()
            }
            Some("self") => {
                parts.remove(0);
                own
            }
            Some("super") => {
                let mut module = own;
                while parts.first() == Some(&"super") {
                    parts.remove(0);
                    module.pop();
                }
                module
            }
            Some(name) if self.crates.contains_key(name) => {
                let root = self.crates.get(name)?.clone();
                parts.remove(0);
                let module = parts.iter().map(ToString::to_string).collect::<Vec<_>>();
                return Some(rust_files(&root, &module, 0));
            }
            // A module of this one, or another crate: only its file tells.
            Some(_) => {
                least = own.len() + 1;
                own
            }
            None => return None,
        };
        module.extend(parts.iter().map(ToString::to_string));
        Some(rust_files(&root, &module, least))
    }

    fn go(&self, path: &str) -> Option<String> {
        let (module, folder) = self
            .modules
            .iter()
            .filter(|(module, _)| {
                path == module.as_str()
                    || path.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
            .max_by_key(|(module, _)| module.len())?;
        Some(join(folder, path[module.len()..].trim_start_matches('/')))
    }
    /// The folder of the sources around a file of Rust, and the path of its module below it.
    fn module_of_rust(&self, at: &str) -> (String, Vec<String>) {
        let below = |folder: &str| match folder {
            "" => Some(at),
            folder => at.strip_prefix(folder)?.strip_prefix('/'),
        };
        let mut folder = folder_of(at);
        while !self.roots.contains(folder) && !folder.is_empty() {
            folder = folder_of(folder);
        }
        let (root, path) = match below(folder).filter(|_| self.roots.contains(folder)) {
            Some(path) => (folder, path),
            // A file by itself: a test, an example, a build script.
            None => (folder_of(at), at.rsplit('/').next().unwrap_or(at)),
        };
        let path = path.strip_suffix(".rs").unwrap_or(path);
        let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        (root.to_owned(), module)
    }

    fn python(&self, at: &str, from: &str) -> Vec<String> {
        let dots = from.len() - from.trim_start_matches('.').len();
        let path = from.trim_start_matches('.').replace('.', "/");
        let in_folder = |folder: &str| {
            let path = join(folder, &path);
            [format!("{path}.py"), format!("{path}.pyi"), join(&path, "__init__.py")]
        };
        let mut folder = folder_of(at).to_owned();
        if dots > 0 {
            for _ in 1..dots {
                folder = folder_of(&folder).to_owned();
            }
            return match path.is_empty() {
                true => vec![join(&folder, "__init__.py")],
                false => in_folder(&folder).into(),
            };
        }
        // From the folder of the file upwards: wherever the path of packages begins. It does not begin in a package.
        let mut files = Vec::new();
        loop {
            if !self.packages.contains(&folder) {
                files.extend(in_folder(&folder));
            }
            if folder.is_empty() {
                files.extend(in_folder("src"));
                return files;
            }
            folder = folder_of(&folder).to_owned();
        }
    }
}

fn crate_name(manifest: &str) -> Option<String> {
    let mut within = "";
    let (mut package, mut library) = (None, None);
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line;
        } else if let Some((key, value)) = line.split_once('=')
            && key.trim() == "name"
        {
            let value = value.trim().trim_matches('"').to_owned();
            match within {
                "[package]" => package = Some(value),
                "[lib]" => library = Some(value),
                _ => {}
            }
        }
    }
    library.or(package)
}

/// Where a module of Rust may stand: each of its last parts, but for so many, may be an item instead of a file.
fn rust_files(root: &str, module: &[String], least: usize) -> Vec<String> {
    let mut files = Vec::new();
    for length in (least.max(1)..=module.len()).rev() {
        let path = join(root, &module[..length].join("/"));
        files.push(format!("{path}.rs"));
        files.push(format!("{path}/mod.rs"));
    }
    if least == 0 {
        files.push(join(root, "lib.rs"));
        files.push(join(root, "main.rs"));
    }
    files
}

fn java(import: &Import) -> Meant {
    let path = import.from.replace('.', "/");
    match import.name.as_deref() {
        Some("*") => Meant::Folder(path),
        Some(name) if name.starts_with(char::is_uppercase) => {
            Meant::Ending(format!("{path}/{name}"))
        }
        _ => Meant::Ending(path),
    }
}

/// The folder of a path; the root is the empty text.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    match (folder.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (false, true) => folder.to_owned(),
        (false, false) => format!("{folder}/{name}"),
    }
}

/// Without `.` and `..`; `None` when it leads out.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(from: &str, name: Option<&str>) -> Import {
        let name = name.map(str::to_owned);
        Import { from: from.to_owned(), name, alias: None, passed_on: false, line: 1 }
    }

    fn manifests() -> Manifests {
        let one = |a: &str, b: &str| BTreeMap::from([(a.to_owned(), b.to_owned())]);
        Manifests {
            crates: one("weir_queue", "crates/queue/src"),
            modules: one("example.org/x", "go"),
            packages: ["src/flask", "src/flask/json"].map(str::to_owned).into(),
            roots: ["crates/a/src", "crates/queue/src"].map(str::to_owned).into(),
            scripts: scripts::Names::default(),
            unread: Vec::new(),
        }
    }

    #[test]
    fn imports_mean_files() {
        let all = manifests();
        let rows = [
            (Language::Rust, "crates/a/src/b/c.rs", "crate::d::E", "crates/a/src/d.rs"),
            (Language::Rust, "crates/a/src/b/c.rs", "super::d", "crates/a/src/b/d.rs"),
            (Language::Rust, "crates/a/src/b/mod.rs", "self::d", "crates/a/src/b/d/mod.rs"),
            (Language::Rust, "crates/a/src/b.rs", "weir_queue::lane", "crates/queue/src/lane.rs"),
            (Language::Rust, "crates/a/src/b.rs", "weir_queue", "crates/queue/src/lib.rs"),
            (Language::Python, "src/flask/app.py", ".helpers", "src/flask/helpers.py"),
            (Language::Python, "src/flask/json/tag.py", "..app", "src/flask/app.py"),
            (Language::Python, "tests/x.py", "flask.app", "src/flask/app.py"),
            (Language::Python, "src/flask/json/tag.py", "flask.app", "src/flask/app.py"),
            (Language::TypeScript, "src/a/b.ts", "../c", "src/c.ts"),
            (Language::TypeScript, "src/a/b.ts", "./c.js", "src/a/c.ts"),
            (Language::JavaScript, "src/a/b.js", "./c", "src/a/c/index.js"),
        ];
        for (language, at, from, expected) in rows {
            let Some(Meant::File(files)) = all.meant(language, at, &import(from, None)) else {
                panic!("{from} in {at} means no file")
            };
            assert!(files.iter().any(|file| file == expected), "{from} in {at}: {files:?}");
        }
        let Some(Meant::File(files)) =
            all.meant(Language::Python, "src/flask/json/tag.py", &import("json", None))
        else {
            panic!("it may mean a file beside the packages")
        };
        assert!(!files.iter().any(|file| file.starts_with("src/flask/")), "{files:?}");
        let go = |from| all.meant(Language::Go, "go/a.go", &import(from, None));
        assert_eq!(go("example.org/x/y"), Some(Meant::Folder("go/y".to_owned())));
        assert_eq!(go("example.org/xy"), None);
        assert_eq!(go("fmt"), None);
        let java = |from, name| all.meant(Language::Java, "A.java", &import(from, name));
        assert_eq!(java("a.b", Some("C")), Some(Meant::Ending("a/b/C".to_owned())));
        assert_eq!(java("a.b", Some("*")), Some(Meant::Folder("a/b".to_owned())));
        assert_eq!(
            all.meant(Language::TypeScript, "a.ts", &import("react", None)),
            None,
            "what is installed is not ours"
        );
        assert_eq!(all.meant(Language::TypeScript, "a.ts", &import("../../x", None)), None);
    }

    #[test]
    fn a_library_may_have_a_name_of_its_own() {
        for (manifest, expected) in [
            ("[package]\nname = \"a-b\"\n", Some("a-b")),
            ("[package]\nname = \"a\"\n[lib]\nname = \"b\"\n[[bin]]\nname = \"c\"", Some("b")),
            ("[workspace]\nmembers = []\n", None),
        ] {
            assert_eq!(crate_name(manifest).as_deref(), expected, "{manifest}");
        }
    }
}
