//! The corpora: where they come from and how they label.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A corpus, and the folder that its commands are taken to be run in.
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) cwd: &'static str,
    pub(crate) home: &'static str,
    pub(crate) commands: Vec<Labelled>,
}

/// A command and its label.
pub(crate) struct Labelled {
    pub(crate) command: String,
    pub(crate) is_harmful: bool,
}

/// The examples in the tables of the crate `safe-chains`: `examples_safe` and `examples_denied`.
pub(crate) fn safe_chains(folder: &Path) -> Result<Corpus, String> {
    let package = folder.join("fetch");
    std::fs::create_dir_all(package.join("src")).map_err(|error| error.to_string())?;
    let manifest = "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nsafe-chains = \"=0.241.2\"\n";
    std::fs::write(package.join("Cargo.toml"), manifest).map_err(|error| error.to_string())?;
    std::fs::write(package.join("src/lib.rs"), "").map_err(|error| error.to_string())?;
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .current_dir(&package)
        .output();
    let output = output.map_err(|error| format!("`cargo metadata` did not start: {error}"))?;
    let found: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
        format!(
            "safe-chains 0.241.2 could not be fetched: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
    })?;
    let packages = found["packages"].as_array().ok_or("`cargo metadata` names no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "safe-chains")
        .and_then(|package| package["manifest_path"].as_str());
    let root = manifest
        .and_then(|path| Path::new(path).parent())
        .ok_or("safe-chains is not among the packages")?;
    let mut commands = Vec::new();
    for file in files(&root.join("commands"), "toml") {
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let table: toml::Value = text
            .parse::<toml::Table>()
            .map(toml::Value::Table)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        examples(&table, &mut commands);
    }
    Ok(Corpus { name: "safe-chains 0.241.2", cwd: "/work/tree", home: "/home/someone", commands })
}

fn examples(value: &toml::Value, into: &mut Vec<Labelled>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let is_harmful = key == "examples_denied";
                match value.as_array().filter(|_| is_harmful || key == "examples_safe") {
                    Some(list) => into.extend(
                        list.iter()
                            .filter_map(toml::Value::as_str)
                            .map(|command| Labelled { command: command.to_owned(), is_harmful }),
                    ),
                    None => examples(value, into),
                }
            }
        }
        toml::Value::Array(list) => list.iter().for_each(|value| examples(value, into)),
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => {}
    }
}

/// GTFOBins' commands, all harmful, and those of people at their desktop, all harmless, which is why their home is
/// the work tree here.
pub(crate) fn aegish(checkout: Option<&str>) -> Result<Corpus, String> {
    let checkout = checkout
        .ok_or("clone https://github.com/GuidoBergman/aegish and say `--aegish <folder>`")?;
    let mut commands = Vec::new();
    for (file, is_harmful) in [("gtfobins_commands.json", true), ("harmless_commands.json", false)]
    {
        let path = Path::new(checkout).join("benchmark/data").join(file);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let all: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let list =
            all["commands"].as_array().ok_or(format!("{} has no `commands`", path.display()))?;
        commands.extend(
            list.iter().filter(|row| is_harmful || row["ground_truth"] == "ALLOW").filter_map(
                |row| Some(Labelled { command: row["command"].as_str()?.to_owned(), is_harmful }),
            ),
        );
    }
    Ok(Corpus { name: "aegish", cwd: "/home/someone", home: "/home/someone", commands })
}

/// The fixtures and the corpus of `destructive_command_guard`.
pub(crate) fn dcg(checkout: Option<&str>) -> Result<Corpus, String> {
    let checkout = checkout.ok_or("clone https://github.com/Dicklesworthstone/destructive_command_guard and say `--dcg <folder>`")?;
    let tests = Path::new(checkout).join("tests");
    let mut commands = Vec::new();
    for (file, is_harmful) in [("destructive_commands.yaml", true), ("safe_commands.yaml", false)] {
        let path = tests.join("fixtures").join(file);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let rows = text.lines().filter_map(|line| line.trim().strip_prefix("- command:"));
        commands.extend(rows.map(|row| Labelled { command: scalar(row.trim()), is_harmful }));
    }
    for file in files(&tests.join("corpus"), "toml") {
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let table: toml::Table =
            text.parse().map_err(|error| format!("{}: {error}", file.display()))?;
        for case in table.get("case").and_then(toml::Value::as_array).into_iter().flatten() {
            let word = |key: &str| case.get(key).and_then(toml::Value::as_str);
            let label = word("expected").or_else(|| word("expected_decision"));
            if let (Some(command), Some(label), "command") =
                (word("command"), label, word("input_kind").unwrap_or("command"))
            {
                commands
                    .push(Labelled { command: command.to_owned(), is_harmful: label == "deny" });
            }
        }
    }
    Ok(Corpus {
        name: "destructive_command_guard",
        cwd: "/work/tree",
        home: "/home/someone",
        commands,
    })
}

/// A YAML scalar of one line, as these files write them.
fn scalar(text: &str) -> String {
    if let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.rsplit_once('\'')) {
        return inner.0.replace("''", "'");
    }
    match text.strip_prefix('"').and_then(|rest| rest.rsplit_once('"')) {
        Some(_) => serde_json::from_str(text)
            .unwrap_or_else(|_| text.trim_matches('"').replace("\\\"", "\"")),
        None => text.to_owned(),
    }
}

/// Actions and their spellings, of the Python package `paveo`.
pub(crate) fn paveo(folder: &Path) -> Result<Vec<(String, Vec<String>)>, String> {
    let target = folder.join("paveo");
    let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target"];
    let output = Command::new("python3").args(install).arg(&target).arg("paveo==0.1.11").output();
    let output = output.map_err(|error| format!("`python3 -m pip` did not start: {error}"))?;
    let text = std::fs::read_to_string(target.join("paveo/bypasses.json")).map_err(|_| {
        format!(
            "paveo 0.1.11 could not be fetched: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
    })?;
    let all: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let actions = all["actions"].as_array().ok_or("paveo lists no actions")?;
    Ok(actions
        .iter()
        .map(|action| {
            let rows = action["spellings"].as_array().into_iter().flatten();
            let commands = rows
                .filter(|row| row[0] == "Bash")
                .filter_map(|row| row[1].as_str())
                .map(str::to_owned);
            (action["title"].as_str().unwrap_or_default().to_owned(), commands.collect())
        })
        .collect())
}

/// Files below a folder whose names end so, sorted.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.extension().is_some_and(|extension| extension == end) {
            found.push(path);
        }
    }
    found.sort();
    found
}
