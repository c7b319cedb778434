//! `weir init`

use crate::error::CommandError;
use crate::here::Here;
use crate::ui::{Form, Ui};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use weir_model::Refusal;
use weir_review::propose::{CONTENTS_MAX, propose};
use weir_review::starter;

/// Write a commented `weir.toml` and `.weir/`, for you to review and commit
///
/// The checks are those that the repository seems to have. Nothing that exists is touched, and what is written
/// counts once it is on the trunk.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Print `weir.toml` instead of writing anything
    #[arg(long)]
    print: bool,
    /// The branch that changes land on [default: found as `weir up` finds it]
    #[arg(long, value_name = "BRANCH")]
    trunk: Option<String>,
}

#[derive(Serialize)]
struct Written {
    trunk: String,
    checks: Vec<Found>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weir_toml: Option<String>,
}

#[derive(Serialize)]
struct Found {
    name: String,
    run: String,
    why: String,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &InitArgs) -> Result<(), CommandError> {
    let source = inspect(&here.dir, args.trunk.as_deref())?;
    let root = source.work_tree.ok_or_else(|| {
        Refusal::new("repo.bare", "this repository has no work tree to write into")
            .hint("run `weir init` in a clone of it, and push what it writes")
    })?;
    let files = root_files(&root)?;
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, contents)| (name.as_str(), contents.as_slice())).collect();
    let proposals = propose(&files);
    let text = starter::weir_toml(&source.trunk.name, &proposals);
    if args.print && ui.form() == Form::People {
        return ui.raw(text.as_bytes());
    }
    let mut written = Written {
        trunk: source.trunk.name,
        checks: proposals
            .into_iter()
            .map(|found| Found { name: found.check.name, run: found.check.run, why: found.why })
            .collect(),
        files: Vec::new(),
        weir_toml: None,
    };
    if args.print {
        written.weir_toml = Some(text);
    } else {
        let texts = [
            ("weir.toml", text.as_str()),
            (".weir/README.md", starter::weir_readme()),
            (".weir/allowed-secrets", starter::allowed_secrets_starter()),
        ];
        written.files = write_new(&root, &texts)?;
    }
    ui.answer(&written, |written, page| {
        for file in &written.files {
            page.line(format!("wrote  {}", file.display()));
        }
        for Found { name, run, why } in &written.checks {
            page.line(format!("check  {name}: `{run}`, because {why}"));
        }
    })?;
    if written.checks.is_empty() {
        ui.warn(format_args!(
            "no check was found, so nothing would be tested before it lands: add one to `weir.toml`"
        ));
    }
    if !args.print {
        ui.status(format_args!(
            "Review and commit them: they count once they are on `{}`.",
            written.trunk
        ));
    }
    Ok(())
}

fn inspect(dir: &Path, trunk: Option<&str>) -> Result<weir_git::Source, CommandError> {
    weir_git::inspect(dir, trunk).map_err(|error| match error.refusal() {
        Some(refusal) => refusal.clone().into(),
        None => CommandError::failed("look at the repository", error),
    })
}

/// The files at the root of the work tree, with what they hold as far as a proposal reads it.
fn root_files(root: &Path) -> Result<Vec<(String, Vec<u8>)>, CommandError> {
    let doing = || CommandError::doing(format!("read the files of `{}`", root.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root).map_err(doing())? {
        let entry = entry.map_err(doing())?;
        let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else {
            continue;
        };
        if kind.is_file() {
            let mut contents = Vec::new();
            // What is too large to propose from is recognised by one byte more than the most.
            let most = u64::try_from(CONTENTS_MAX).unwrap_or(u64::MAX).saturating_add(1);
            let file = File::open(entry.path()).map_err(doing())?;
            file.take(most).read_to_end(&mut contents).map_err(doing())?;
            files.push((name, contents));
        }
    }
    files.sort();
    Ok(files)
}

/// Writes all of these below `root`, or nothing when one of them is there.
fn write_new(root: &Path, texts: &[(&str, &str)]) -> Result<Vec<PathBuf>, CommandError> {
    for (name, _) in texts {
        if root.join(name).symlink_metadata().is_ok() {
            let sentence = format!("`{name}` is already there, and `weir init` overwrites nothing");
            return Err(Refusal::new("init.exists", sentence)
                .hint("compare it with `weir init --print`, or move it away")
                .into());
        }
    }
    for (name, text) in texts {
        let path = root.join(name);
        let doing = || CommandError::doing(format!("write `{}`", path.display()));
        std::fs::create_dir_all(path.parent().unwrap_or(root)).map_err(doing())?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(doing())?;
    }
    Ok(texts.iter().map(|(name, _)| PathBuf::from(name)).collect())
}
