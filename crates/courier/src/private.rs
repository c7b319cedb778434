//! Files that hold a secret.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use weir_model::Refusal;

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub enum NotPrivate {
    /// `file.not_private`: others can read it, so it is a secret no longer.
    #[error("{0}")]
    Shared(Refusal),
    /// The file cannot be read.
    #[error("could not read `{}`: {source}", path.display())]
    Unread {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The text of a file that holds a secret; `None` if there is no such file.
///
/// # Errors
/// [`NotPrivate`]
pub fn read_private(path: &Path) -> Result<Option<(PathBuf, String)>, NotPrivate> {
    let failed = |source| NotPrivate::Unread { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.mode();
    if mode & 0o077 != 0 {
        let sentence = format!("`{}` holds a secret, and others can read it", path.display());
        let hint = format!(
            "if nobody did, `chmod 600 '{}'`; else revoke the token: `weir token list`",
            path.display()
        );
        return Err(NotPrivate::Shared(Refusal::new("file.not_private", sentence).hint(hint)));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    Ok(Some((path.to_owned(), text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("owner.token");
        assert!(read_private(&path).expect("no file is no failure").is_none());
        std::fs::write(&path, "weir_p_x\n").expect("written");
        for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
            match read_private(&path) {
                Ok(read) => assert!(fine && read.is_some(), "{mode:o}"),
                Err(NotPrivate::Shared(refusal)) => {
                    assert!(!fine, "{mode:o}");
                    assert_eq!(refusal.code, "file.not_private");
                }
                Err(other) => panic!("{mode:o}: {other}"),
            }
        }
    }
}
