//! A room as its folder tells it: manifest, lints, sources.

use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A crate of the house.
#[derive(Debug, Default, Clone)]
pub(crate) struct Room {
    /// The name of its folder below `crates`.
    pub(crate) folder: String,
    /// The name of its package.
    pub(crate) package: String,
    /// The names of its binaries, where the manifest names any.
    pub(crate) binaries: Vec<String>,
    /// The packages it needs to be built and run, whatever it calls them.
    pub(crate) imports: Vec<String>,
    /// The packages that only its tests, benches and examples need.
    pub(crate) dev_imports: Vec<String>,
    /// Its `clippy.toml`, if it has one.
    pub(crate) lints: Option<String>,
    /// Its sources: path below the workspace, text.
    pub(crate) sources: Vec<(String, String)>,
}

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All rooms there are.
pub(crate) fn all() -> Vec<Room> {
    let folder = workspace().join("crates");
    let entries = fs::read_dir(&folder).expect("the workspace has a folder `crates`");
    let mut rooms: Vec<Room> = entries
        .map(|entry| entry.expect("a folder can be listed to its end").path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| read(&path))
        .collect();
    rooms.sort_by(|a, b| a.folder.cmp(&b.folder));
    assert!(rooms.len() > 5, "this is not the whole house: {rooms:?}");
    rooms
}

/// The room in `folder`.
pub(crate) fn read(folder: &Path) -> Room {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a room has a manifest");
    let name = folder.file_name().expect("a room has a name").to_string_lossy().into_owned();
    let mut room = parse(&name, &manifest);
    room.lints = fs::read_to_string(folder.join("clippy.toml")).ok();
    sources(&folder.join("src"), &format!("crates/{name}/src"), &mut room.sources);
    room
}

/// The room that a manifest describes.
pub(crate) fn parse(folder: &str, manifest: &str) -> Room {
    let manifest: Table = manifest.parse().expect("cargo reads this manifest");
    let name = |table: &Table| table.get("name").and_then(Value::as_str).map(str::to_owned);
    let package = manifest.get("package").and_then(Value::as_table).and_then(name);
    let binaries = manifest.get("bin").and_then(Value::as_array).into_iter().flatten();
    let mut room = Room {
        folder: folder.to_owned(),
        package: package.expect("a package has a name"),
        binaries: binaries.filter_map(Value::as_table).filter_map(name).collect(),
        ..Room::default()
    };
    // Those of one platform stand in tables of their own, `[target.'cfg(unix)'.dependencies]`.
    let targets =
        manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for table in std::iter::once(&manifest).chain(targets.filter_map(Value::as_table)) {
        room.imports.extend(packages(table, "dependencies"));
        room.imports.extend(packages(table, "build-dependencies"));
        room.dev_imports.extend(packages(table, "dev-dependencies"));
    }
    room
}

/// The packages a table of dependencies names; `b = { package = "a" }` is `a`.
fn packages(manifest: &Table, kind: &str) -> Vec<String> {
    let table = manifest.get(kind).and_then(Value::as_table).into_iter().flatten();
    let renamed = |value: &Value| value.get("package").and_then(Value::as_str).map(str::to_owned);
    table.map(|(key, value)| renamed(value).unwrap_or_else(|| key.clone())).collect()
}

fn sources(folder: &Path, shown: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let shown = format!("{shown}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            sources(&path, &shown, found);
        } else if shown.ends_with(".rs") {
            let text = fs::read_to_string(&path).expect("a source is a text");
            found.push((shown, text));
        }
    }
}
