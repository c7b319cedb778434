//! Archives: what is packed into them, and where they are unpacked.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::tables::Spec;
use crate::shell::walk::{Stream, Walk};

impl Walk<'_> {
    pub(super) fn tar(&mut self, arguments: &[String], stdin: &Stream) {
        let mut fields = arguments.to_vec();
        // The first word may be its letters without a dash; then their values follow in their order.
        if let Some(first) = fields
            .first()
            .cloned()
            .filter(|first| !first.starts_with('-') && !first.contains(['/', '.']))
        {
            let mut rest = fields.split_off(1).into_iter();
            fields.clear();
            for letter in first.chars() {
                fields.push(format!("-{letter}"));
                if "fCbTXIFKHLNVg".contains(letter) {
                    fields.extend(rest.next());
                }
            }
            fields.extend(rest);
        }
        let spec = Spec::read(
            "tar | x* | -cxtruAdvzjJZkUmpPOwWBhSanioGlsE -f: -C: -b: -T:r -X:r -I:! -F:! -K: -H: -L: -N: -V: -g:w --create --extract --get --list \
             --append --update --concatenate --catenate --diff --compare --delete --file: --directory: --verbose? --gzip --bzip2 --xz --zstd --lzma --lz4 \
             --auto-compress --exclude: --exclude-from:r --exclude-vcs --exclude-vcs-ignores --files-from:r --strip-components: --strip: --wildcards \
             --no-wildcards --keep-old-files --skip-old-files --overwrite --no-same-owner --same-owner --no-same-permissions --preserve-permissions \
             --same-permissions --numeric-owner --owner: --group: --mode: --mtime: --sort: --format: --transform: --xform: --absolute-names --dereference \
             --one-file-system --totals? --to-stdout --null --no-recursion --recursion --use-compress-program:! --to-command:! --checkpoint? \
             --checkpoint-action:! --info-script:! --new-volume-script:! --rsh-command:! --rmt-command:! --index-file:w --remove-files --warning: --ignore-zeros --touch --sparse --hard-dereference --acls --xattrs --selinux --pax-option: --occurrence? --level: --listed-incremental:w --newer: --after-date: --no-unquote --anchored --unlink-first --recursive-unlink --ignore-failed-read --no-xattrs --block-number --show-transformed-names --posix --utc --full-time --blocking-factor: --record-size: --label: --verify --multi-volume --force-local! --volno-file:w --suffix: --backup? --confirmation --interactive --no-overwrite-dir --no-ignore-case --ignore-case --uid: --gid: --options: --no-mac-metadata --disable-copyfile --no-fflags --no-acls --fast-read --zstd-x --clamp-mtime --no-auto-compress --checkpoint-x",
        );
        let sorted = spec.sort(&fields);
        self.by(&spec, "tar", &fields, stdin);
        let before = self.state.folders.clone();
        let archive = sorted.value(&["-f", "--file"]).unwrap_or("-").to_owned();
        if archive.contains(':') && !archive.starts_with(['/', '.']) {
            self.sends(&archive, true);
            self.opaque("`tar` reaches an archive on another machine");
        }
        let folder = sorted.value(&["-C", "--directory"]).map(str::to_owned);
        let makes = sorted.has(&[
            "-c",
            "-r",
            "-u",
            "-A",
            "--create",
            "--append",
            "--update",
            "--delete",
            "--concatenate",
            "--catenate",
        ]);
        let lists = sorted.has(&["-t", "-d", "--list", "--diff", "--compare", "-O", "--to-stdout"]);
        if makes {
            self.writes(&archive, WriteHow::Change, Extent::One);
            if let Some(folder) = &folder {
                self.state.folders = self.paths(folder);
            }
            for operand in &sorted.operands {
                self.reads(operand, Extent::Tree);
                if sorted.has(&["--remove-files"]) {
                    self.writes(operand, WriteHow::Delete, Extent::Tree);
                }
            }
        } else {
            self.reads(&archive, Extent::One);
            if !lists {
                if sorted.has(&["-P", "--absolute-names"]) {
                    self.opaque("`tar` unpacks to wherever the archive says");
                }
                self.writes(folder.as_deref().unwrap_or("."), WriteHow::Change, Extent::Tree);
            }
        }
        self.state.folders = before;
    }

    /// Unpackers: into a folder that is named, or where the shell stands.
    pub(super) fn unpacks(&mut self, name: &str, arguments: &[String]) {
        let spec = Spec::read(
            "unzip | r x* | -abcClLjnopqtuUvVXzZ12fDMKW -d: -x: -P: -O: -I: -o? -k: -s -r --help --version",
        );
        let sorted = spec.sort(arguments);
        self.runs(name, RunKind::Known);
        sorted.strange.iter().for_each(|strange| self.strange(name, strange));
        let (archive, rest) = match (name, &sorted.operands[..]) {
            // Its first word is what it does.
            ("unrar", [action, archive, rest @ ..]) => {
                self.reads(archive, Extent::One);
                if matches!(&action[..], "l" | "lb" | "lt" | "v" | "vb" | "vt" | "t" | "p") {
                    return;
                }
                (archive, rest)
            }
            (_, [archive, rest @ ..]) => (archive, rest),
            (_, []) => return,
        };
        self.reads(archive, Extent::One);
        let looks = ["-l", "-t", "-p", "-c", "-v", "-z", "-Z"];
        if name != "unrar" && sorted.has(&looks) {
            return;
        }
        let folder = match name {
            "unrar" => rest.last().filter(|last| last.ends_with('/')).cloned(),
            "unar" => sorted.value(&["-o"]).map(str::to_owned),
            _ => sorted.value(&["-d"]).map(str::to_owned),
        };
        self.writes(folder.as_deref().unwrap_or("."), WriteHow::Change, Extent::Tree);
    }

    /// `pax`: `-w` packs, `-r` unpacks, neither lists; with `-f` in a file.
    pub(super) fn pax(&mut self, arguments: &[String]) {
        let spec = Spec::read(
            "pax | x* | -rwacdHiklLnOPtuvXYzjJZ -f: -b: -x: -s: -p: -o: -E: -B: -D -T: -U: -G: -M",
        );
        let sorted = spec.sort(arguments);
        self.runs("pax", RunKind::Known);
        sorted.strange.iter().for_each(|strange| self.strange("pax", strange));
        let archive = sorted.value(&["-f"]).unwrap_or("-").to_owned();
        let (reads, writes) = (sorted.has(&["-r"]), sorted.has(&["-w"]));
        if writes {
            sorted.operands.iter().for_each(|operand| self.reads(operand, Extent::Tree));
        }
        match (reads, writes) {
            (false, true) => self.writes(&archive, WriteHow::Change, Extent::One),
            (true, true) => {
                let target = sorted.operands.last().map_or(".", String::as_str).to_owned();
                self.writes(&target, WriteHow::Change, Extent::Tree);
            }
            (true, false) => {
                self.reads(&archive, Extent::One);
                self.writes(".", WriteHow::Change, Extent::Tree);
            }
            (false, false) => self.reads(&archive, Extent::One),
        }
    }

    pub(super) fn archive(&mut self, name: &str, arguments: &[String]) {
        self.runs(name, RunKind::Known);
        let operands: Vec<String> =
            arguments.iter().filter(|field| !field.starts_with('-')).cloned().collect();
        let (action, rest) =
            operands.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let looks = name.starts_with('7') && matches!(action, "l" | "t" | "i" | "h" | "b");
        let to = arguments.iter().find_map(|field| field.strip_prefix("-o"));
        match (name, action) {
            _ if looks => rest.iter().take(1).for_each(|file| self.reads(file, Extent::One)),
            ("7z" | "7za" | "7zz" | "7zr", "a" | "u") => {
                rest.iter()
                    .take(1)
                    .for_each(|file| self.writes(file, WriteHow::Change, Extent::One));
                rest.iter().skip(1).for_each(|file| self.reads(file, Extent::Tree));
                if let Some(list) = rest.iter().find_map(|file| file.strip_prefix('@')) {
                    self.reads(list, Extent::One);
                }
                if arguments.iter().any(|field| field == "-sdel") {
                    rest.iter()
                        .skip(1)
                        .for_each(|file| self.writes(file, WriteHow::Delete, Extent::Tree));
                }
            }
            ("7z" | "7za" | "7zz" | "7zr", "x" | "e") => {
                rest.iter().take(1).for_each(|file| self.reads(file, Extent::One));
                self.writes(to.unwrap_or("."), WriteHow::Change, Extent::Tree);
            }
            _ => {
                operands.iter().for_each(|file| self.reads(file, Extent::Tree));
                self.opaque(&format!("what `{name}` packs and unpacks is not known"));
            }
        }
    }
}
