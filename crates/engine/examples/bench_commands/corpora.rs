//! The corpora: where they come from and how they label.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A corpus.
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) commands: Vec<Labelled>,
}

/// A command, its label, and the file or the group that its corpus keeps it in.
pub(crate) struct Labelled {
    pub(crate) command: String,
    pub(crate) is_harmful: bool,
    pub(crate) kept: String,
}

/// An action and its spellings, the plainest first: tools and what they are given.
pub(crate) struct Action {
    pub(crate) title: String,
    pub(crate) spellings: Vec<(String, String)>,
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
        examples(&table, &file.display().to_string(), &mut commands);
    }
    Ok(Corpus { name: "safe-chains", commands })
}

fn examples(value: &toml::Value, kept: &str, into: &mut Vec<Labelled>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let is_harmful = key == "examples_denied";
                match value.as_array().filter(|_| is_harmful || key == "examples_safe") {
                    Some(list) => {
                        into.extend(list.iter().filter_map(toml::Value::as_str).map(|command| {
                            Labelled {
                                command: command.to_owned(),
                                is_harmful,
                                kept: kept.to_owned(),
                            }
                        }));
                    }
                    None => examples(value, kept, into),
                }
            }
        }
        toml::Value::Array(list) => list.iter().for_each(|value| examples(value, kept, into)),
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => {}
    }
}

/// GTFOBins' commands, all harmful, and those of people at their desktop, all harmless.
pub(crate) fn aegish(checkout: Option<&str>, folder: &Path) -> Result<Corpus, String> {
    let commit = "86eedb3b977f1b9a6094d842aa1e7d4ae5a35379";
    let checkout = checked_out(checkout, "--aegish", "GuidoBergman/aegish", commit, folder)?;
    let mut commands = Vec::new();
    for (file, is_harmful) in [("gtfobins_commands.json", true), ("harmless_commands.json", false)]
    {
        let path = checkout.join("benchmark/data").join(file);
        let text = read(&path)?;
        let all: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let list =
            all["commands"].as_array().ok_or(format!("{} has no `commands`", path.display()))?;
        let labelled = list.iter().filter(|row| is_harmful || row["ground_truth"] == "ALLOW");
        commands.extend(labelled.filter_map(|row| {
            let command = row["command"].as_str()?.to_owned();
            Some(Labelled { command, is_harmful, kept: file.to_owned() })
        }));
    }
    Ok(Corpus { name: "aegish", commands })
}

/// The fixtures and the corpus of `destructive_command_guard`.
pub(crate) fn dcg(checkout: Option<&str>, folder: &Path) -> Result<Corpus, String> {
    let commit = "1a52415130fffec249e3c8adde72f58e3c4d6de0";
    let name = "Dicklesworthstone/destructive_command_guard";
    let tests = checked_out(checkout, "--dcg", name, commit, folder)?.join("tests");
    let mut commands = Vec::new();
    for (file, is_harmful) in [("destructive_commands.yaml", true), ("safe_commands.yaml", false)] {
        let text = read(&tests.join("fixtures").join(file))?;
        let mut kept = String::new();
        for line in text.lines() {
            if let Some(pack) = line.strip_suffix(':').filter(|pack| !pack.starts_with([' ', '#']))
            {
                pack.clone_into(&mut kept);
            } else if let Some(row) = line.trim().strip_prefix("- command:") {
                let command = scalar(row.trim());
                commands.push(Labelled { command, is_harmful, kept: kept.clone() });
            }
        }
    }
    for file in files(&tests.join("corpus"), "toml") {
        let table: toml::Table =
            read(&file)?.parse().map_err(|error| format!("{}: {error}", file.display()))?;
        for case in table.get("case").and_then(toml::Value::as_array).into_iter().flatten() {
            let word = |key: &str| case.get(key).and_then(toml::Value::as_str);
            let label = word("expected").or_else(|| word("expected_decision"));
            if let (Some(command), Some(label), "command") =
                (word("command"), label, word("input_kind").unwrap_or("command"))
            {
                let (is_harmful, kept) = (label == "deny", file.display().to_string());
                commands.push(Labelled { command: command.to_owned(), is_harmful, kept });
            }
        }
    }
    Ok(Corpus { name: "destructive_command_guard", commands })
}

/// A checkout that was named, or one of a commit of a public repository, fetched below `folder`.
fn checked_out(
    named: Option<&str>,
    option: &str,
    repository: &str,
    commit: &str,
    folder: &Path,
) -> Result<PathBuf, String> {
    if let Some(named) = named {
        return Ok(PathBuf::from(named));
    }
    let tree = folder.join(repository.replace('/', "+"));
    std::fs::create_dir_all(&tree).map_err(|error| error.to_string())?;
    let url = format!("https://github.com/{repository}");
    // A server that says nothing for half a minute is given up.
    let patience = ["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30"];
    let fetch = ["fetch", "--quiet", "--depth", "1", &url, commit];
    let steps: [&[&str]; 3] = [
        &["init", "--quiet"],
        &[&patience[..], &fetch[..]].concat(),
        &["checkout", "--quiet", "FETCH_HEAD"],
    ];
    for step in steps {
        let mut git = Command::new("git");
        git.args(step).current_dir(&tree).env("GIT_TERMINAL_PROMPT", "0");
        let output = git.output();
        let output = output.map_err(|error| format!("`git` did not start: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(format!(
                "`{repository}`, for git cannot fetch its commit `{}` ({said}). Where it can, check that commit out \
                 and name the folder: `{option} <folder>`",
                &commit[..7]
            ));
        }
    }
    Ok(tree)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
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
pub(crate) fn paveo(folder: &Path) -> Result<Vec<Action>, String> {
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
            let spellings = rows
                .filter_map(|row| Some((row[0].as_str()?.to_owned(), row[1].as_str()?.to_owned())));
            let title = action["title"].as_str().unwrap_or_default().to_owned();
            Action { title, spellings: spellings.collect() }
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
