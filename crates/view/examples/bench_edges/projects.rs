//! The projects, and how their indexes are made.

use crate::score::{Score, score};
use bstr::{BStr, ByteSlice as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use weir_git::{CommitId, Trunk, inspect};
use weir_view::compiled::Compiled;
use weir_view::modules::Manifests;
use weir_view::pool::{Blob, Pool};
use weir_view::tree::{View, text_of};

pub(crate) struct Project {
    pub(crate) language: &'static str,
    pub(crate) name: &'static str,
    owner: &'static str,
    revision: &'static str,
    /// What of it is indexed, besides its manifests; all, when empty.
    paths: &'static [&'static str],
    /// Whether nothing was mended while looking at it.
    pub(crate) held_out: bool,
}

impl Project {
    /// What it is called where it is published.
    fn package(&self) -> &'static str {
        if self.name == "jinja" { "jinja2" } else { self.name }
    }
}

pub(crate) const PROJECTS: &[Project] = &[
    Project {
        language: "TypeScript",
        name: "redux",
        owner: "reduxjs",
        revision: "3084fc33bb23ab4cab4796172eafe342da4e73d9",
        paths: &[
            "src",
            "test",
            "package.json",
            "tsconfig.json",
            "tsconfig.base.json",
            "tsconfig.test.json",
            "vitest.config.mts",
        ],
        held_out: false,
    },
    Project {
        language: "TypeScript",
        name: "reselect",
        owner: "reduxjs",
        revision: "93bb49091fc5e0e0569c745a7240df433548f386",
        paths: &["src", "test", "type-tests", "package.json", "tsconfig.json"],
        held_out: false,
    },
    Project {
        language: "TypeScript",
        name: "zustand",
        owner: "pmndrs",
        revision: "f094eebe9bd3b4b0d77b997f69ab1d273f69a877",
        paths: &["src", "tests", "package.json", "tsconfig.json"],
        held_out: true,
    },
    Project {
        language: "Python",
        name: "click",
        owner: "pallets",
        revision: "2c8cd3ac958a7eb316d67f2d316c27086c4c0369",
        paths: &["src", "tests", "pyproject.toml", "README.md", "LICENSE.txt"],
        held_out: false,
    },
    Project {
        language: "Python",
        name: "flask",
        owner: "pallets",
        revision: "2ac89889f4cc330eabd50f295dcef02828522c69",
        paths: &["src", "tests", "pyproject.toml", "README.md", "LICENSE.txt"],
        held_out: false,
    },
    Project {
        language: "Python",
        name: "requests",
        owner: "psf",
        revision: "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
        paths: &[],
        held_out: true,
    },
    Project {
        language: "Python",
        name: "jinja",
        owner: "pallets",
        revision: "5ef70112a1ff19c05324ff889dd30405b1002044",
        paths: &["src", "tests", "pyproject.toml", "README.md", "LICENSE.txt"],
        held_out: true,
    },
    Project {
        language: "Rust",
        name: "ripgrep",
        owner: "BurntSushi",
        revision: "3fce3b5bb0236da2df6d99672afb8a719642eca7",
        paths: &[],
        held_out: false,
    },
    Project {
        language: "Rust",
        name: "axum",
        owner: "tokio-rs",
        revision: "3d78036dcac289d6c1d54934708acb6a5bd73686",
        paths: &["axum", "axum-core", "axum-extra", "axum-macros", "Cargo.toml", "Cargo.lock"],
        held_out: false,
    },
    Project {
        language: "Rust",
        name: "hyperfine",
        owner: "sharkdp",
        revision: "327d5f4d9107141929f67f062bf9ef59f98b7399",
        paths: &[],
        held_out: true,
    },
];

/// Where things lie.
pub(crate) struct Place {
    pub(crate) cache: PathBuf,
    pub(crate) mirrors: Option<PathBuf>,
    pub(crate) rust_src: Option<PathBuf>,
}

/// The versions that the numbers of `docs/benchmarks.md` are of.
const SCRIPT_INDEXER: &str = "@sourcegraph/scip-typescript@0.4.0";
const PYTHON_INDEXER: &str = "@sourcegraph/scip-python@0.6.6";
const RUST_INDEXER: &str = "0.0.340";

pub(crate) fn measure(project: &Project, place: &Place) -> Result<Score, String> {
    std::fs::create_dir_all(&place.cache).map_err(|why| why.to_string())?;
    let cache = place.cache.canonicalize().map_err(|why| why.to_string())?;
    let place = Place { cache, mirrors: place.mirrors.clone(), rust_src: place.rust_src.clone() };
    let folder = unpacked(project, &place)?;
    let index = place.cache.join(format!("{}.scip", project.name));
    if !index.is_file() {
        let partial = index.with_extension("partial");
        indexed(project, &place, &folder, &partial)?;
        std::fs::rename(&partial, &index).map_err(|why| why.to_string())?;
    }
    let index = std::fs::read(&index).map_err(|why| why.to_string())?;
    compared(&folder, &index).map_err(|why| why.to_string())
}

fn compared(folder: &Path, index: &[u8]) -> Result<Score, Box<dyn std::error::Error>> {
    let source = inspect(folder, None)?;
    let trunk = Trunk::open_or_create(&source, &source.home(), "main")?;
    let objects = trunk.objects();
    let tip: CommitId = git(folder, &["rev-parse", "HEAD"])?.parse()?;
    trunk.keep(tip)?;
    let pool = Pool::default();
    let view = View::of_commit(&pool, objects, tip, &|_| true)?;
    let text = |blob: &Blob| text_of(objects, blob).unwrap_or_default();
    let manifests =
        Manifests::read(&view, |path: &BStr| Some(text(&*pool.blob(view.blob_at(path)?)?)));
    let file = |path: &str| {
        let blob = pool.blob(view.blob_at(BStr::new(path))?)?;
        Some((blob.id, Arc::from(text(&blob).into_bytes())))
    };
    let (compiled, taken) = Compiled::read(index, &tip.to_string(), &file)?;
    let again = Compiled::from_bytes(&compiled.to_bytes());
    assert!(again.as_ref() == Some(&compiled), "what is kept is what was read");
    let source = |path: &str, line: u32| {
        let blob = view.blob_at(BStr::new(path)).and_then(|blob| pool.blob(blob));
        let text = blob.map(|blob| text(&blob)).unwrap_or_default();
        text.lines().nth(line as usize - 1).unwrap_or_default().trim().to_owned()
    };
    Ok(score(&pool, &view, &manifests, &compiled, taken, &source))
}

/// The project's files at its revision, as a repository of one commit.
fn unpacked(project: &Project, place: &Place) -> Result<PathBuf, String> {
    let Project { owner, name, revision, .. } = project;
    let folder = place.cache.join(format!("{owner}+{name}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let bare = match &place.mirrors {
        Some(mirrors) => mirrors.join(format!("{owner}+{name}")).join("repo"),
        None => {
            let bare = place.cache.join(format!("{owner}+{name}.git"));
            let url = format!("https://github.com/{owner}/{name}.git");
            let mut clone = Command::new("git");
            done(clone.args(["clone", "--quiet", "--bare", &url]).arg(&bare))?;
            bare
        }
    };
    let partial = place.cache.join(format!("{owner}+{name}.partial"));
    std::fs::create_dir_all(&partial).map_err(|why| why.to_string())?;
    let archive = partial.with_extension("tar");
    let mut packed = Command::new("git");
    packed.arg("--git-dir").arg(&bare).args(["archive", "--output"]).arg(&archive).arg(revision);
    done(packed.args(project.paths))?;
    done(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&partial))?;
    git(&partial, &["init", "-q", "-b", "main"])?;
    git(&partial, &["add", "-A"])?;
    git(&partial, &["commit", "-qm", revision])?;
    std::fs::remove_file(&archive)
        .and_then(|()| std::fs::rename(&partial, &folder))
        .map_err(|why| why.to_string())?;
    Ok(folder)
}

fn indexed(project: &Project, place: &Place, folder: &Path, index: &Path) -> Result<(), String> {
    match project.language {
        "TypeScript" => {
            let mut install = Command::new("npm");
            // What lies in the cache is no workspace of its own.
            install.args(["install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit"]);
            done(install.arg("--no-fund").current_dir(folder))?;
            let program = npm(place, SCRIPT_INDEXER, "scip-typescript")?;
            done(Command::new(program).args(["index", "--output"]).arg(index).current_dir(folder))
        }
        "Python" => {
            let venv = place.cache.join(format!("{}.venv", project.name));
            done(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
            let bin = venv.join("bin");
            let mut install = Command::new(bin.join("pip"));
            done(install.args(["install", "-q", ".", "pytest"]).current_dir(folder))?;
            // What it needs stays. A copy of it would be what its tests use: they are shown its sources.
            let mut again = Command::new(bin.join("pip"));
            done(again.args(["uninstall", "-q", "-y", project.package()]))?;
            let mut packages = Command::new(bin.join("python"));
            packages.args(["-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]);
            let packages = packages.output().map_err(|why| why.to_string())?.stdout;
            let packages = PathBuf::from(packages.to_str_lossy().trim());
            let own = folder.join("src");
            std::fs::write(packages.join("own.pth"), own.to_string_lossy().as_bytes())
                .map_err(|why| why.to_string())?;
            let path = std::env::var("PATH").unwrap_or_default();
            let mut program = Command::new(npm(place, PYTHON_INDEXER, "scip-python")?);
            program.args(["index", "--quiet", "--project-name", project.package()]);
            program.args(["--project-version", "1", "--output"]).arg(index).current_dir(folder);
            program.env("VIRTUAL_ENV", &venv).env("PATH", format!("{}:{path}", bin.display()));
            done(&mut program)
        }
        _ => {
            let mut program = Command::new(rust_analyzer(place)?);
            program.arg("scip").arg(folder).arg("--output").arg(index).current_dir(folder);
            if let Some(sources) = &place.rust_src {
                let settings = place.cache.join("rust-analyzer.json");
                let text = serde_json::json!({ "cargo": { "sysrootSrc": sources } });
                std::fs::write(&settings, text.to_string()).map_err(|why| why.to_string())?;
                program.arg("--config-path").arg(settings);
            }
            done(program.env_remove("CARGO_TARGET_DIR"))
        }
    }
}

/// A program of npm's, installed once.
fn npm(place: &Place, package: &str, program: &str) -> Result<PathBuf, String> {
    let tools = place.cache.join("tools");
    let path = tools.join("node_modules/.bin").join(program);
    if !path.exists() {
        std::fs::create_dir_all(&tools).map_err(|why| why.to_string())?;
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&tools).arg(package);
        done(&mut install)?;
    }
    Ok(path)
}

fn rust_analyzer(place: &Place) -> Result<PathBuf, String> {
    let works = |path: &Path| {
        let out = Command::new(path).arg("--version").output();
        out.is_ok_and(|out| out.status.success())
    };
    let named = std::env::var_os("RUST_ANALYZER").map(PathBuf::from);
    let built = place.cache.join("tools/bin/rust-analyzer");
    for path in named.into_iter().chain([built.clone(), "rust-analyzer".into()]) {
        if works(&path) {
            return Ok(path);
        }
    }
    let mut install = Command::new("cargo");
    install.args(["install", "--locked", "--bin", "rust-analyzer", "--version", RUST_INDEXER]);
    done(install.arg("--root").arg(place.cache.join("tools")).arg("ra_ap_rust-analyzer"))?;
    Ok(built)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
    let out = command.args(arguments).output().map_err(|why| why.to_string())?;
    match out.status.success() {
        true => Ok(out.stdout.to_str_lossy().trim().to_owned()),
        false => Err(format!("{arguments:?}: {}", out.stderr.to_str_lossy().trim())),
    }
}

fn done(command: &mut Command) -> Result<(), String> {
    let out = command.output().map_err(|why| format!("{command:?}: {why}"))?;
    match out.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", out.stderr.to_str_lossy().trim())),
    }
}
