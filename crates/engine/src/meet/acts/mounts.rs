//! Whether this machine's files are all on disks of its own: then a look at a path takes microseconds, and is done where
//! it is asked for. A file system behind a network or a program may keep who looks waiting for ever.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// File systems, by the beginnings of their names, that ask somebody else.
const ELSEWHERE: [&str; 19] = [
    "9p", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse", "gfs2", "gluster",
    "gpfs", "lustre", "nfs", "ocfs2", "orangefs", "smb", "vboxsf", "virtiofs",
];
/// Mounting is rare, and nobody mounts and reads within this.
const FRESH: Duration = Duration::from_secs(1);

/// What is mounted, as it was last read.
#[derive(Default)]
pub(crate) struct Mounts(Mutex<Option<(Instant, bool)>>);

impl Mounts {
    /// Whether no path of this machine leads to somebody who may not answer.
    pub(crate) fn are_all_here(&self) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, here)) = *known
            && at.elapsed() < FRESH
        {
            return here;
        }
        // Where there is no such file nothing is known.
        let here =
            std::fs::read_to_string("/proc/self/mountinfo").is_ok_and(|text| all_here(&text));
        *known = Some((Instant::now(), here));
        here
    }
}

/// Reads `mountinfo` (proc(5)): behind a lone dash stands the type.
fn all_here(mountinfo: &str) -> bool {
    mountinfo.lines().all(|line| {
        let kind = line.split_once(" - ").and_then(|(_, rest)| rest.split(' ').next());
        kind.is_some_and(|kind| !ELSEWHERE.iter().any(|begin| kind.starts_with(begin)))
    })
}

#[cfg(test)]
mod tests {
    use super::all_here;

    #[test]
    fn a_disk_of_the_machine_is_told_from_one_elsewhere() {
        let root = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n";
        for (more, here) in [
            ("", true),
            (
                "23 22 0:21 / /proc rw - proc proc rw\n24 22 0:5 / /tmp rw shared:3 - tmpfs tmp rw",
                true,
            ),
            ("25 22 0:40 / /home rw,noatime shared:9 - nfs4 files:/home rw,vers=4.2", false),
            ("26 22 0:41 / /mnt/a\\040b rw master:1 - fuse.sshfs me@there:/ rw", false),
            ("27 22 0:42 / /srv rw - cifs //there/srv rw", false),
            ("a line of another kind", false),
        ] {
            assert_eq!(all_here(&format!("{root}{more}")), here, "{more}");
        }
    }
}
