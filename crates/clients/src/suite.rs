//! How a test with real clients begins: in an enclosure, with the clients at hand, or with a sentence.

use crate::{Programs, enclosure};
use std::path::{Path, PathBuf};

/// The installed clients, once this runs in an enclosure; none when the test of this name has been run in one by now.
///
/// # Panics
/// When no clients are installed, or the test failed in the enclosure.
pub fn enclosed(test: &str) -> Option<Programs> {
    if !enclosure::is_inside() {
        if let Some(status) = enclosure::enter(&[test, "--exact", "--ignored", "--nocapture"]) {
            assert!(status.success(), "the enclosed run failed");
            return None;
        }
        eprintln!("this machine allows no namespaces: only proxies keep the clients in");
    }
    let named = std::env::var_os("WEIR_CLIENTS").map(PathBuf::from);
    let installed =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients"));
    match Programs::at(&installed) {
        Ok(programs) => Some(programs),
        Err(why) => panic!("{why}"),
    }
}

/// Whether `WEIR_CLIENTS_ONLY`, a part of a name, selects it; without it, everything is selected.
pub fn is_selected(name: &str) -> bool {
    std::env::var("WEIR_CLIENTS_ONLY").map_or(true, |only| name.contains(&only))
}
