//! The repositories and the questions, read and indexed.

use roaring::RoaringBitmap;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use weir_grammar::Language;
use weir_view::fact::extract;
use weir_view::search::{BlobNo, Index, ViewOf};

pub(crate) struct Corpus {
    pub(crate) name: String,
    /// Where its files lie.
    pub(crate) folder: PathBuf,
    pub(crate) questions: Vec<Question>,
    /// Paths and texts.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) index: Index,
    pub(crate) view: View,
    pub(crate) chunks: usize,
}

pub(crate) struct Question {
    pub(crate) query: String,
    pub(crate) category: String,
    pub(crate) relevant: Vec<String>,
}

#[derive(Default)]
pub(crate) struct View {
    blobs: RoaringBitmap,
    paths: BTreeMap<BlobNo, Vec<String>>,
}

impl ViewOf for View {
    fn blobs(&self) -> &RoaringBitmap {
        &self.blobs
    }

    fn paths(&self, blob: BlobNo) -> Vec<Cow<'_, str>> {
        self.paths.get(&blob).into_iter().flatten().map(|path| path.as_str().into()).collect()
    }
}

pub(crate) fn read(
    questions: &Path,
    mirrors: Option<&Path>,
    cache: &Path,
    only: Option<&str>,
) -> Result<Vec<Corpus>, String> {
    let text = std::fs::read(questions)
        .map_err(|why| format!("`{}` cannot be read: {why}", questions.display()))?;
    let read: Value =
        serde_json::from_slice(&text).map_err(|why| format!("`{}`: {why}", questions.display()))?;
    let all = read.as_array().into_iter().flatten();
    all.filter(|one| only.is_none_or(|only| one["repository"]["name"] == only))
        .map(|one| corpus(one, mirrors, cache))
        .collect()
}

fn corpus(read: &Value, mirrors: Option<&Path>, cache: &Path) -> Result<Corpus, String> {
    let field = |name: &str| read["repository"][name].as_str();
    let need = |name: &str| field(name).ok_or_else(|| format!("a repository without `{name}`"));
    let (name, url, revision) = (need("name")?, need("url")?, need("revision")?);
    let bare = url.trim_end_matches(".git");
    let mut tail = bare.rsplit('/');
    let (repository, owner) = (tail.next().unwrap_or_default(), tail.next().unwrap_or_default());
    let git = match mirrors {
        Some(mirrors) => mirrors.join(format!("{owner}+{repository}")).join("repo"),
        None => clone(url, &cache.join(format!("{owner}+{repository}.git")))?,
    };
    let folder = cache.join(format!("{owner}+{repository}-{revision}"));
    if !folder.is_dir() {
        unpack(&git, revision, field("benchmark_root"), &folder)?;
    }
    let mut files = Vec::new();
    walk(&folder, &folder, &mut files).map_err(|why| format!("{name}: {why}"))?;
    files.sort();
    let (mut index, mut view, mut chunks) = (Index::default(), View::default(), 0);
    let mut known: BTreeMap<&str, BlobNo> = BTreeMap::new();
    for (path, text) in &files {
        let fact = extract(Language::of(path, text.as_bytes()), text.as_bytes());
        chunks += fact.chunks.len();
        let number = *known.entry(text).or_insert_with(|| index.push(&fact, text));
        view.blobs.insert(number.0);
        view.paths.entry(number).or_default().push(path.clone());
    }
    let questions = read["queries"].as_array().into_iter().flatten().map(question).collect();
    Ok(Corpus { name: name.to_owned(), folder, questions, files, index, view, chunks })
}

fn question(read: &Value) -> Question {
    let text = |name: &str| read[name].as_str().unwrap_or_default().to_owned();
    // A file, or a file and the lines in it.
    let path =
        |file: &Value| file.as_str().or(file["path"].as_str()).unwrap_or_default().to_owned();
    let mut relevant: Vec<String> = ["relevant", "secondary"]
        .iter()
        .flat_map(|list| read[list].as_array().into_iter().flatten().map(path))
        .collect();
    relevant.sort();
    relevant.dedup();
    Question { query: text("query"), category: text("category"), relevant }
}

fn clone(url: &str, to: &Path) -> Result<PathBuf, String> {
    if !to.is_dir() {
        done(Command::new("git").args(["clone", "--quiet", "--bare", url]).arg(to))?;
    }
    Ok(to.to_owned())
}

fn unpack(git: &Path, revision: &str, root: Option<&str>, to: &Path) -> Result<(), String> {
    let partial = to.with_extension("partial");
    std::fs::create_dir_all(&partial).map_err(|why| format!("`{}`: {why}", partial.display()))?;
    let archive = partial.with_extension("tar");
    let mut git_archive = Command::new("git");
    git_archive.arg("--git-dir").arg(git).args(["archive", "--output"]).arg(&archive).arg(revision);
    done(git_archive.args(root.filter(|root| !root.is_empty())))?;
    done(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&partial))?;
    std::fs::remove_file(&archive)
        .and_then(|()| std::fs::rename(&partial, to))
        .map_err(|why| why.to_string())
}

fn done(command: &mut Command) -> Result<(), String> {
    let out = command.output().map_err(|why| format!("{command:?}: {why}"))?;
    if out.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&out.stderr).trim()))
    }
}

/// All text files: what has a zero byte near its start is none, as git holds it.
fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &entry.path(), files)?;
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path())?;
            if !bytes.iter().take(8_000).any(|byte| *byte == 0) {
                let path = entry.path();
                let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                files.push((path, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    Ok(())
}
