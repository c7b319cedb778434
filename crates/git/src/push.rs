//! The conversation of a push: what we offer, what the client asks, what we answer.
//!
//! Our own receive-pack over smart HTTP, for only so can the decision be taken in this process, with
//! the objects in quarantine and before a ref moves: no hook script, no callback, no token in an
//! environment. It speaks protocol 0, which every git client speaks when it pushes.

use crate::error::io_failed;
use crate::pkt::{self, Packet};
use crate::{CommitId, Error, Trunk};
use bstr::{BString, ByteSlice as _};
use std::io;
use tokio::io::AsyncRead;
use weir_model::Refusal;

const CAPABILITIES: &str = concat!(
    "report-status report-status-v2 side-band-64k quiet atomic ofs-delta push-options ",
    "object-format=sha1 agent=weir/",
    env!("CARGO_PKG_VERSION")
);

/// What a client asks to be done with one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// Its full name, in whatever bytes the client sent.
    pub name: BString,
    /// What the client believes it names; `None`: that it is not there.
    pub old: Option<CommitId>,
    /// What it shall name; `None`: it shall go. That it is a commit is not yet known.
    pub new: Option<CommitId>,
}

/// What a client asks for, before its objects are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// What is asked, in the client's order.
    pub updates: Vec<RefUpdate>,
    /// What the user gave with `git push -o`.
    pub options: Vec<BString>,
    /// All or nothing, as with `git push --atomic`.
    pub atomic: bool,
    side_band: bool,
    report: Report,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    None,
    V1,
    V2,
}

/// What was decided about one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is done.
    Accept {
        /// The full name of the ref that was made instead of the one that was asked for, if another.
        as_ref: Option<String>,
    },
    /// It is not done.
    Refuse {
        /// Why, in a few words: git shows them in brackets behind the ref.
        reason: String,
        /// Why and what to do next, line by line: git shows them as `remote: …`.
        lines: Vec<String>,
    },
}

impl From<&Refusal> for Decision {
    fn from(refusal: &Refusal) -> Self {
        let mut lines = vec![refusal.sentence.clone()];
        lines.extend(refusal.hint.iter().map(|hint| format!("hint: {hint}")));
        Self::Refuse { reason: refusal.code.to_string(), lines }
    }
}

/// Many more than anybody pushes at once, and few enough to hold.
const UPDATES_MAX: usize = 256;
const OPTIONS_MAX: usize = 64;

impl Trunk {
    /// The body of the answer to `GET …/info/refs?service=git-receive-pack`
    /// (`application/x-git-receive-pack-advertisement`).
    pub fn advertise_push(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        pkt::write(&mut out, b"# service=git-receive-pack\n");
        pkt::flush(&mut out);
        let refs = self.list_refs("refs/heads/")?;
        let lines: Vec<String> = match refs.as_slice() {
            [] => vec![format!("{} capabilities^{{}}", "0".repeat(40))],
            refs => refs.iter().map(|(name, id)| format!("{id} {name}")).collect(),
        };
        for (n, line) in lines.into_iter().enumerate() {
            let capabilities = if n == 0 { format!("\0{CAPABILITIES}") } else { String::new() };
            pkt::write(&mut out, format!("{line}{capabilities}\n").as_bytes());
        }
        pkt::flush(&mut out);
        Ok(out)
    }
}

impl Push {
    /// Reads what a client asks from the body of `POST …/git-receive-pack`, up to the pack, which is
    /// left in `body`. `None`: it asks for nothing, as clients do to see whether they may push.
    ///
    /// # Errors
    /// `push.malformed`, `push.too_many_refs`, `push.signed`; a failure when the client goes.
    pub async fn read<R: AsyncRead + Unpin>(body: &mut R) -> Result<Option<Self>, Error> {
        let mut push = Self {
            updates: Vec::new(),
            options: Vec::new(),
            atomic: false,
            side_band: false,
            report: Report::None,
        };
        let mut has_options = false;
        while let Packet::Line(line) = next(body).await? {
            let (command, capabilities) = match line.split_once_str("\0") {
                Some((command, capabilities)) => (command, Some(capabilities)),
                None => (line.as_slice(), None),
            };
            let command = command.strip_suffix(b"\n").unwrap_or(command);
            if let Some(capabilities) = capabilities {
                has_options |= push.take_capabilities(capabilities);
            }
            match command.split_once_str(" ") {
                // Where the client's history ends: what it sends must connect to ours all the same.
                Some((b"shallow", _)) => continue,
                _ if command.starts_with(b"push-cert") => return Err(signed().into()),
                _ => push.updates.push(RefUpdate::parse(command).ok_or_else(malformed)?),
            }
            if push.updates.len() > UPDATES_MAX {
                let sentence = format!("a push may name at most {UPDATES_MAX} refs");
                let refusal = Refusal::new("push.too_many_refs", sentence);
                return Err(refusal.hint("push what is needed: `git push weir HEAD`").into());
            }
        }
        if push.updates.is_empty() {
            return Ok(None);
        }
        while has_options && let Packet::Line(line) = next(body).await? {
            push.options.push(line.strip_suffix(b"\n").unwrap_or(&line).into());
            if push.options.len() > OPTIONS_MAX {
                return Err(malformed().into());
            }
        }
        Ok(Some(push))
    }

    /// Whether a pack follows: only when something is to be made or moved.
    pub fn has_pack(&self) -> bool {
        self.updates.iter().any(|update| update.new.is_some())
    }

    /// Notes what the client can do; says whether options will follow.
    fn take_capabilities(&mut self, capabilities: &[u8]) -> bool {
        let mut has_options = false;
        for capability in capabilities.fields() {
            match capability {
                b"atomic" => self.atomic = true,
                b"side-band-64k" => self.side_band = true,
                b"report-status-v2" => self.report = Report::V2,
                b"report-status" if self.report == Report::None => self.report = Report::V1,
                b"push-options" => has_options = true,
                // The rest says how a client packs and what it is called.
                _ => {}
            }
        }
        has_options
    }

    /// The body of the answer (`application/x-git-receive-pack-result`): one decision for each of
    /// `updates`, in the same order, after `lines` for the user to read.
    ///
    /// A decision that is missing counts as a refusal, so that a bug never looks like a landing.
    pub fn answer(&self, decisions: &[Decision], lines: &[String]) -> Vec<u8> {
        let mut report = Vec::new();
        let mut told = lines.to_vec();
        pkt::write(&mut report, b"unpack ok\n");
        let undecided = Decision::Refuse { reason: "not decided".to_owned(), lines: Vec::new() };
        let decided = decisions.iter().chain(std::iter::repeat(&undecided));
        for (update, decision) in self.updates.iter().zip(decided) {
            match decision {
                Decision::Accept { as_ref } => {
                    pkt::write(&mut report, &[b"ok ", update.name.as_slice(), b"\n"].concat());
                    let renamed = as_ref.as_ref().filter(|_| self.report == Report::V2);
                    if let Some(name) = renamed {
                        pkt::write(&mut report, format!("option refname {name}\n").as_bytes());
                    }
                }
                Decision::Refuse { reason, lines } => {
                    let reason = one_line(reason);
                    let line = [b"ng ", update.name.as_slice(), b" ", reason.as_bytes(), b"\n"];
                    pkt::write(&mut report, &line.concat());
                    told.extend_from_slice(lines);
                }
            }
        }
        pkt::flush(&mut report);
        self.wrap(&report, &told)
    }

    /// The answer when nothing could be looked at: every ref is refused for the same reason.
    pub fn refuse(&self, refusal: &Refusal) -> Vec<u8> {
        let Decision::Refuse { reason, lines } = Decision::from(refusal) else { return Vec::new() };
        let bare = Decision::Refuse { reason, lines: Vec::new() };
        self.answer(&vec![bare; self.updates.len()], &lines)
    }

    fn wrap(&self, report: &[u8], told: &[String]) -> Vec<u8> {
        let report = if self.report == Report::None { &[] } else { report };
        if !self.side_band {
            return report.to_vec();
        }
        let mut out = Vec::new();
        for line in told.iter().flat_map(|text| text.lines()) {
            pkt::write_band(&mut out, 2, format!("{}\n", one_line(line)).as_bytes());
        }
        pkt::write_band(&mut out, 1, report);
        pkt::flush(&mut out);
        out
    }
}

/// Without what would steer a terminal: a line may quote a file name or the title of a task.
fn one_line(text: &str) -> String {
    const LINE_MAX: usize = 1000;
    text.chars().filter(|c| *c == '\t' || !c.is_control()).take(LINE_MAX).collect()
}

impl RefUpdate {
    /// `<old> <new> <name>`.
    fn parse(command: &[u8]) -> Option<Self> {
        let mut parts = command.splitn(3, |byte| *byte == b' ');
        let mut id = || {
            let text = str::from_utf8(parts.next()?).ok()?;
            let id: CommitId = text.parse().ok()?;
            Some(Some(id).filter(|id| !id.0.is_null()))
        };
        let (old, new) = (id()?, id()?);
        let name: BString = parts.next()?.into();
        gix::validate::reference::name(name.as_bstr()).ok()?;
        (old.is_some() || new.is_some()).then_some(Self { name, old, new })
    }
}

async fn next<R: AsyncRead + Unpin>(body: &mut R) -> Result<Packet, Error> {
    pkt::read(body).await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => malformed().into(),
        io::ErrorKind::FileTooLarge => too_large().into(),
        _ => io_failed("read a push")(error),
    })
}

fn malformed() -> Refusal {
    Refusal::new("push.malformed", "this is not how git pushes").hint("push with a git client")
}

fn signed() -> Refusal {
    Refusal::new("push.signed", "signed pushes are not checked here")
        .hint("push with `--no-signed`")
}

pub(crate) fn too_large() -> Refusal {
    Refusal::new("push.too_large", "this push is larger than is allowed here")
        .hint("leave large files out of the commits, or ask an owner to raise the limit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(mut bytes: &[u8]) -> (Result<Option<Push>, Error>, Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        (runtime.block_on(Push::read(&mut bytes)), bytes.to_vec())
    }

    fn request(lines: &[&str], rest: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for line in lines {
            match *line {
                "" => pkt::flush(&mut out),
                line => pkt::write(&mut out, line.as_bytes()),
            }
        }
        out.extend(rest);
        out
    }

    const ONE: &str = "1111111111111111111111111111111111111111";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn a_push_is_read_up_to_its_pack() {
        let first = format!(
            "{ZERO} {ONE} refs/for/main\0 report-status-v2 side-band-64k push-options atomic"
        );
        let second = format!("{ONE} {ZERO} refs/heads/x\n");
        let shallow = format!("shallow {ONE}");
        let bytes = request(&[&shallow, &first, &second, "", "task=T1", "", ""], b"PACK...");
        let (push, rest) = read(&bytes);
        let push = push.expect("read").expect("not empty");
        assert_eq!(rest, b"0000PACK...");
        let one = ONE.parse().expect("well formed");
        assert_eq!(
            push.updates,
            [
                RefUpdate { name: "refs/for/main".into(), old: None, new: Some(one) },
                RefUpdate { name: "refs/heads/x".into(), old: Some(one), new: None },
            ]
        );
        assert_eq!((push.options.as_slice(), push.atomic), (&[BString::from("task=T1")][..], true));
        assert!(push.has_pack());
    }

    #[test]
    fn a_lone_flush_asks_for_nothing() {
        assert_eq!(read(b"0000").0.expect("read"), None);
    }

    #[test]
    fn what_is_no_push_is_refused() {
        let long = "x".repeat(70_000);
        let table = [
            "",
            "0003",
            "0001",
            "zzzz",
            "+00f",
            "0005",
            "0008abc",
            "hello, world",
            "fff5x",
            long.as_str(),
        ];
        for text in table {
            let error = read(text.as_bytes()).0.expect_err(text);
            assert_eq!(error.refusal().expect("a refusal").code, "push.malformed", "{text:.20}");
        }
        let lines = [
            format!("{ONE} {ONE}"),
            format!("{ZERO} {ZERO} refs/heads/x"),
            format!("{ZERO} {ONE} ../etc/passwd"),
            format!("{ZERO} {ONE} refs/heads/a..b"),
            format!("{ZERO} {} refs/heads/x", "F".repeat(40)),
            format!("{ZERO}  {ONE} refs/heads/x"),
        ];
        for line in lines {
            let error = read(&request(&[&line, ""], b"")).0.expect_err(&line);
            assert_eq!(error.refusal().expect("a refusal").code, "push.malformed", "{line}");
        }
        let many: Vec<String> = (0..300).map(|n| format!("{ZERO} {ONE} refs/heads/b{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let error = read(&request(&many, b"0000")).0.expect_err("too many");
        assert_eq!(error.refusal().expect("a refusal").code, "push.too_many_refs");
    }

    #[test]
    fn an_answer_without_a_decision_is_a_refusal() {
        let line = format!("{ZERO} {ONE} refs/for/main\0report-status");
        let push = read(&request(&[&line, ""], b"")).0.expect("read").expect("not empty");
        let answer = push.answer(&[], &["not shown without a side band".to_owned()]);
        assert_eq!(answer.as_bstr(), "000eunpack ok\n0021ng refs/for/main not decided\n0000");
    }

    #[test]
    fn nothing_said_to_a_terminal_can_steer_it() {
        assert_eq!(one_line("a\u{1b}[2J\r\nb\tc"), "a[2Jb\tc");
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            line in "[0-9a-f]{40} [0-9a-f]{40} .{0,40}",
        ) {
            let _ = read(&bytes);
            let _ = read(&request(&[&line, ""], &bytes));
        }
    }
}
