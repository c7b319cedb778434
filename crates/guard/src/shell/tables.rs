//! Programs whose effects a table can say: what their operands are, and what each option does.
//!
//! A line is `names | operands | options`. Operands: `r` is read, `R` read with all below, `w` written, `W`
//! written with all below, `d` deleted, `a` changed in its attributes, `x` only text, `n` an address that is
//! asked, `s` an address that is sent to, `c` the words of a command, `p` a name out of its own list (a file is code), `q` a question to DNS,
//! `!` not understood; `*` behind one: and
//! all that follow, before the last. `~`: without operands, the folder it is in. `=`: a filter, which passes
//! paths on. `>`: writes paths below its operands to its output. `@first`: options end at the first operand;
//! `@long`: a single dash begins a long option; `@any`: options that are not listed are taken as flags. `project`, `net`, `controls`,
//! `foreign`: what kind of run it is; `i` lies inside of the work tree; `env`: it tells the environment.
//! Options: `-abc` flags; `-o:` takes a value, and behind the colon what that is (as operands; `run` a command,
//! `sh` a script for a shell; `x+r` are two values); `-i?` may have one attached; `%` below, too; `&` operands are written;
//! `^` the first operand falls away; `!` not understood; `-#` a number.
//! An option that is not listed is [`Opaque`](weir_model::act::Effect::Opaque): nobody said what it does.

mod spec;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{BELOW, is_unknown, shown, unmarked};
use super::walk::{Stream, Walk};
pub(super) use spec::{Role, Sorted, Spec};

/// The tables, a file a family.
const FAMILIES: [&str; 8] = [
    include_str!("tables/files.txt"),
    include_str!("tables/text.txt"),
    include_str!("tables/system.txt"),
    include_str!("tables/build.txt"),
    include_str!("tables/language.txt"),
    include_str!("tables/media.txt"),
    include_str!("tables/network.txt"),
    include_str!("tables/desktop.txt"),
];

static TABLE: LazyLock<BTreeMap<&'static str, Spec>> = LazyLock::new(|| {
    let lines = FAMILIES.iter().flat_map(|family| family.lines());
    let mut table = BTreeMap::new();
    for line in lines.filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let spec = Spec::read(line);
        for name in line.split('|').next().unwrap_or("").split_whitespace() {
            table.insert(name, spec.clone());
        }
    }
    table
});

/// Programs with the runtime of Haskell, which takes options of its own.
const HASKELL: [&str; 11] = [
    "pandoc",
    "hadolint",
    "shellcheck",
    "ormolu",
    "fourmolu",
    "hlint",
    "stylish-haskell",
    "brittany",
    "hindent",
    "nixfmt",
    "cabal",
];

/// Types and classes of records of DNS.
const RECORDS: [&str; 35] = [
    "A", "AAAA", "AFSDB", "ANY", "AXFR", "CAA", "CDNSKEY", "CDS", "CERT", "CNAME", "DNAME",
    "DNSKEY", "DS", "HINFO", "HTTPS", "IXFR", "LOC", "MX", "NAPTR", "NS", "NSEC", "NSEC3", "PTR",
    "RRSIG", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI", "IN", "CH", "HS",
];

fn is_address(field: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| field.starts_with(scheme))
}

/// Whether a table knows this program.
pub(super) fn is_known(name: &str) -> bool {
    TABLE.contains_key(name)
}

/// Runs a program that a table knows.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    let spec = TABLE.get(name)?;
    Some(walk.by(spec, name, arguments, stdin))
}

impl Walk<'_> {
    /// Runs a program by a line of a table.
    pub(super) fn by(
        &mut self,
        spec: &Spec,
        name: &str,
        arguments: &[String],
        stdin: &Stream,
    ) -> Stream {
        let sorted = spec.sort(arguments);
        self.runs(name, spec.kind);
        if spec.controls {
            self.controls(name);
        }
        if spec.environment {
            self.reads("/proc/self/environ", Extent::One);
        }
        if spec.network {
            self.sends("*", false);
        }
        for strange in &sorted.strange {
            self.opaque(&format!(
                "`{name}` has an option that Weir does not know: `{}`",
                shown(strange)
            ));
        }
        if HASKELL.contains(&name)
            && arguments.iter().any(|field| matches!(&field[..], "+RTS" | "--RTS"))
        {
            self.opaque(&format!("`{name}` steers the runtime of Haskell, which writes files"));
        }
        if spec.operands == [Role::Strange] && !arguments.is_empty() {
            self.opaque(&format!("what `{name}` does is not known"));
        }
        if spec.kind == RunKind::Project {
            self.targets(name, &sorted.operands, arguments);
        }
        let tree = sorted.options.iter().any(|(_, _, switch)| switch.tree);
        let writes = sorted.options.iter().any(|(_, _, switch)| switch.writes);
        for (option, value, switch) in &sorted.options {
            if switch.strange {
                self.opaque(&format!("`{name} {option}` does more than Weir knows"));
            }
            if let (Some(role), Some(value)) = (switch.value, value) {
                self.act(name, role, value, false, stdin);
            }
            if let (Role::Text, Some(value), RunKind::Project) =
                (switch.value.unwrap_or(Role::Text), value, spec.kind)
            {
                self.stays(name, option, value);
            }
        }
        let dropped = usize::from(sorted.options.iter().any(|(_, _, switch)| switch.drops));
        let fixed: Vec<Role> = spec.operands.iter().copied().skip(dropped).collect();
        let count = sorted.operands.len();
        for (at, operand) in sorted.operands.iter().enumerate() {
            let from_end = count - at;
            let role = match fixed.get(at) {
                Some(role) => *role,
                None if from_end <= spec.last.len()
                    && count > fixed.len() + spec.last.len() - 1 =>
                {
                    spec.last[spec.last.len() - from_end]
                }
                None => spec.rest.or(spec.last.first().copied()).unwrap_or(Role::Text),
            };
            if role == Role::Command {
                self.call(&sorted.operands[at..], stdin);
                break;
            }
            if name == "yq"
                && ["load(", "load_str(", "eval(", "env("].iter().any(|word| operand.contains(word))
            {
                self.opaque("what an expression of `yq` loads or evaluates is not known");
            }
            let role = if writes && role == Role::Read { Role::Write } else { role };
            if spec.kind == RunKind::Project {
                if at == 0 && matches!(operand.as_str(), "exec" | "execute") && count > 1 {
                    self.call(&sorted.operands[1..], stdin);
                    break;
                }
                self.stays_inside(name, operand);
            }
            self.act(name, role, operand, tree, stdin);
        }
        if spec.here && count <= fixed.len() {
            self.reads(".", if tree { Extent::Tree } else { Extent::One });
        }
        match (name, &sorted.operands[..], stdin) {
            // What goes through unchanged is still known.
            ("cat", [], Stream::Text(_) | Stream::Paths(_)) => stdin.clone(),
            ("cat", [file], _) => self.file(file),
            ("tee", targets, Stream::Text(text)) => {
                let paths: Vec<String> =
                    targets.iter().flat_map(|target| self.paths(target)).collect();
                for path in paths {
                    self.state.texts.insert(path, Some(text.as_str().into()));
                }
                stdin.clone()
            }
            _ => self.output_of(spec, &sorted, &fixed, stdin),
        }
    }

    /// A tool that runs a project's code runs that of another place when it is sent there.
    fn stays_inside(&mut self, name: &str, operand: &str) {
        // An option behind `--`, for a program further in.
        if let Some((option, value)) =
            operand.split_once('=').filter(|(option, _)| option.starts_with('-'))
        {
            self.stays(name, option, value);
        }
        let path = operand.strip_prefix('@').unwrap_or(operand);
        let leads =
            path.starts_with(['/', '~']) || path.starts_with("../") || operand.starts_with('@');
        let is_code = operand.starts_with('\\');
        if is_code || leads && !self.paths(path).iter().all(|path| self.is_in_tree(path)) {
            self.opaque(&format!("`{name}` works at another place: `{}`", shown(operand)));
        }
    }

    fn output_of(&self, spec: &Spec, sorted: &Sorted, fixed: &[Role], stdin: &Stream) -> Stream {
        if spec.filter
            && sorted.operands.len() <= fixed.len()
            && let Stream::Paths(_) = stdin
        {
            return stdin.clone();
        }
        if spec.paths {
            let operands = sorted.operands.iter().skip(fixed.len());
            let mut paths: Vec<String> =
                operands.map(|operand| format!("{operand}/{BELOW}")).collect();
            if paths.is_empty() {
                paths.push(BELOW.to_owned());
            }
            return Stream::Paths(paths);
        }
        Stream::Unknown
    }

    /// What a program does with one operand or value.
    pub(super) fn act(&mut self, name: &str, role: Role, field: &str, tree: bool, stdin: &Stream) {
        let extent = if tree { Extent::Tree } else { Extent::One };
        match role {
            // What many programs take for a file may be an address as well.
            Role::Read | Role::ReadTree if is_address(field) => {
                self.sends(field, self.tells_of_us(field));
            }
            Role::Read => {
                // A list of arguments in a file, as linkers and compilers take it.
                if let Some(list) = field.strip_prefix('@').filter(|list| !list.is_empty()) {
                    self.reads(list, Extent::One);
                }
                self.reads(field, extent);
            }
            Role::ReadTree => self.reads(field, Extent::Tree),
            Role::Write => self.writes(field, WriteHow::Change, extent),
            // Of the work tree itself, a folder for output gets some files; what is there stays.
            Role::WriteTree if self.paths(field).iter().all(|path| path == self.place.tree) => {
                self.writes(field, WriteHow::Change, Extent::Many);
            }
            Role::WriteTree => self.writes(field, WriteHow::Change, Extent::Tree),
            Role::Delete => self.writes(field, WriteHow::Delete, extent),
            Role::Attributes => self.writes(field, WriteHow::Attributes, extent),
            Role::Text => {}
            Role::Question if RECORDS.iter().any(|known| field.eq_ignore_ascii_case(known)) => {}
            Role::Question => self.sends(field, false),
            Role::Name if is_unknown(field) || is_own_code(field) => {
                self.opaque(&format!("`{name}` runs code of somebody's: `{}`", shown(field)));
            }
            Role::Name => {}
            Role::Asked => self.sends(field, false),
            Role::Sent => self.sends(field, true),
            Role::Command | Role::Script if is_unknown(field) => {
                self.opaque(&format!("`{name}` runs what is known only when it runs"));
            }
            // The value of an option is a command line, whichever way it is run.
            Role::Command | Role::Script => {
                self.apart(|walk| walk.script(&unmarked(field), stdin));
            }
            Role::Inside => {
                self.stays_inside(name, field);
                self.stays(name, "", field);
                let inside = self.paths(field).iter().all(|path| self.is_in_tree(path));
                if !inside || is_unknown(field) {
                    self.opaque(&format!(
                        "`{name}` takes `{}` from outside of the work tree",
                        shown(field)
                    ));
                }
            }
            Role::Strange => {
                self.opaque(&format!("what `{name}` does with `{}` is not known", shown(field)));
            }
        }
    }
}

/// Whether a name out of a program's list is code instead: a path, or what ends like a file of Lua.
fn is_own_code(field: &str) -> bool {
    let bare = field.split(['+', '-']).next().unwrap_or(field);
    field.contains('/') || bare.ends_with("lua")
}

#[cfg(test)]
mod tests;
