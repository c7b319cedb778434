//! The patch format of `apply_patch`: which files it touches, and what a person is shown of each.

use crate::tool::cut;
use weir_model::act::{FileChange, Tool, WriteHow};

/// The files that a patch changes, deletes and moves; `None` when it names none, for then it was not understood.
///
/// A marker counts wherever it stands in its line, since the client forgives blanks around it. What merely looks
/// like one is a file too many, never one too few.
pub(crate) fn files(patch: &str) -> Option<Tool> {
    let mut files: Vec<FileChange> = Vec::new();
    for line in patch.lines() {
        let marker = line.trim();
        if let Some(path) = after(marker, "*** Move to:") {
            // What is moved is gone from where it was.
            if let Some(moved) = files.last_mut() {
                moved.how = WriteHow::Delete;
            }
            files.push(change(path, WriteHow::Change));
        } else if let Some(path) = after(marker, "*** Delete File:") {
            files.push(change(path, WriteHow::Delete));
        } else if let Some(path) =
            after(marker, "*** Add File:").or_else(|| after(marker, "*** Update File:"))
        {
            files.push(change(path, WriteHow::Change));
        } else if !marker.starts_with("***")
            && let Some(file) = files.last_mut()
        {
            file.preview.push_str(line);
            file.preview.push('\n');
        }
    }
    for file in &mut files {
        file.preview = cut(&file.preview);
    }
    (!files.is_empty()).then_some(Tool::Write { files })
}

fn after<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    line.strip_prefix(marker).map(str::trim).filter(|path| !path.is_empty())
}

fn change(path: &str, how: WriteHow) -> FileChange {
    FileChange { path: path.to_owned(), how, preview: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(patch: &str) -> String {
        match files(patch) {
            Some(Tool::Write { files }) => {
                let told = files.iter().map(|file| format!("{:?} {}", file.how, file.path));
                told.collect::<Vec<_>>().join(", ")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_file_of_a_patch_is_told() {
        for (patch, expected) in [
            ("*** Begin Patch\n*** Add File: a b.txt\n+one\n*** End Patch", "Change a b.txt"),
            ("*** Update File: a\n@@\n-x\n+y\n*** Delete File: b\n", "Change a, Delete b"),
            ("*** Update File: a\n*** Move to: ../b\n@@\n-x\n+y\n", "Delete a, Change ../b"),
            ("  *** Update File:   a  \r\n", "Change a"),
            ("<<'EOF'\n*** Begin Patch\n*** Delete File: a\n*** End Patch\nEOF", "Delete a"),
            ("*** Move to: b", "Change b"),
            ("*** Begin Patch\n*** End Patch", "None"),
            ("*** Add File: ", "None"),
            ("", "None"),
        ] {
            assert_eq!(told(patch), expected, "{patch}");
        }
    }

    #[test]
    fn a_person_is_shown_the_lines_of_each_file() {
        let Some(Tool::Write { files }) =
            files("*** Add File: a\n+1\n*** Update File: b\n@@\n-2\n+3\n")
        else {
            panic!("two files");
        };
        assert_eq!(
            (files[0].preview.as_str(), files[1].preview.as_str()),
            ("+1\n", "@@\n-2\n+3\n")
        );
    }

    proptest! {
        #[test]
        fn no_patch_makes_it_panic(lines in proptest::collection::vec("(\\*\\*\\* (Add|Update|Delete) File: |\\*\\*\\* Move to: )?.{0,20}", 0..20)) {
            let _ = files(&lines.join("\n"));
        }
    }
}
