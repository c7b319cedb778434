//! What a commit changes, as text for a reader.

use crate::error::io_failed;
use crate::{CommitId, Error, Trunk};
use std::io::Read;
use std::process::Stdio;

impl Trunk {
    /// What `commit` changes in `base`, as a diff of at most so many bytes; what is not UTF-8 is shown with replacement
    /// characters, and the last line says so if there is more.
    ///
    /// # Errors
    /// Failures.
    pub fn diff(
        &self,
        base: CommitId,
        commit: CommitId,
        max_bytes: usize,
    ) -> Result<String, Error> {
        let doing = || io_failed("make a diff");
        let mut command = self.git();
        command.args(["diff-tree", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv"]);
        command.args([base.to_string(), commit.to_string(), "--".to_owned()]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut git = command.spawn().map_err(doing())?;
        let mut text = Vec::new();
        let most = max_bytes as u64 + 1;
        let read = git.stdout.take().map(|out| out.take(most).read_to_end(&mut text));
        // It may still have more to say, which nobody reads.
        let _ = git.kill();
        git.wait().map_err(doing())?;
        read.transpose().map_err(doing())?;
        let is_whole = text.len() <= max_bytes;
        text.truncate(max_bytes);
        let mut text = String::from_utf8_lossy(&text).into_owned();
        if !is_whole {
            text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
            text.push_str("... and more\n");
        }
        Ok(text)
    }
}
