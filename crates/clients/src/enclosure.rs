//! No network but the loopback, and no process that outlives the run.
//!
//! A program re-runs itself in namespaces of its own, where `lo` is the only interface: whatever a client tries to
//! reach, it does not. `/etc` is a layer of its own there, for clients that take some settings from nowhere else. Where the machine does not allow that, only the configuration and the proxies of a
//! [`Place`](crate::Place) keep a client in, and [`enter`] says so.

use std::ffi::OsString;
use std::process::{Command, ExitStatus, Stdio};

/// Set in the inner program.
const MARK: &str = "WEIR_CLIENTS_ENCLOSED";

/// Set where `/etc` is a layer of its own.
const OWN_ETC: &str = "WEIR_CLIENTS_OWN_ETC";

/// `lo` is down in a new namespace. The layer is kept in memory: an overlay cannot lie on another.
const SETTLE: &str = r#"
ip link set lo up || exit 1
if mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work &&
    mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
then export WEIR_CLIENTS_OWN_ETC=1
fi 2>/dev/null
exec "$@"
"#;

/// Whether this program runs in an enclosure already.
pub fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Whether what is written below `/etc` is seen by nobody outside.
pub fn has_own_etc() -> bool {
    is_inside() && std::env::var_os(OWN_ETC).is_some()
}

/// Runs this program again in an enclosure, with `arguments`. None if the machine does not allow one.
pub fn enter(arguments: &[&str]) -> Option<ExitStatus> {
    let flags = [
        &["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"][..],
        &[
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--user",
            "--map-root-user",
        ],
    ];
    let own = std::env::current_exe().ok()?;
    let enclosed = |flags: &[&str], rest: &[OsString]| {
        let mut command = Command::new("unshare");
        command.args(flags).args(["sh", "-c", SETTLE, "sh"]).args(rest).env(MARK, "1");
        command
    };
    let works = |flags: &&&[&str]| {
        let mut command = enclosed(flags, &["true".into()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let flags = flags.iter().find(works)?;
    let rest: Vec<OsString> =
        std::iter::once(own.into_os_string()).chain(arguments.iter().map(OsString::from)).collect();
    enclosed(flags, &rest).status().ok()
}
