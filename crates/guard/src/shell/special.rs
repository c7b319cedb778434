//! Programs that neither a line of a table nor their verbs can tell: archives, copies, devices, the network by hand.

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{is_pattern, is_unknown, shown};
use super::tables::Spec;
use super::walk::{Stream, Walk};

/// Programs that change the machine whenever they are given more than a question.
const MACHINE: &str = "umount swapon swapoff losetup mkfs mke2fs mkswap cfdisk gdisk sgdisk wipefs blkdiscard fsck e2fsck tune2fs \
    resize2fs lvremove vgremove pvremove lvcreate vgcreate pvcreate lvextend lvresize lvreduce lvconvert vgreduce cryptsetup mdadm \
    zpool zfs btrfs xfs_repair dmsetup partprobe kpartx badblocks debugfs fstrim ntfsfix multipath iscsiadm insmod rmmod \
    modprobe depmod setenforce setsebool semanage update-alternatives update-rc.d chkconfig ldconfig dpkg-reconfigure \
    update-grub grub-install grub-mkconfig efibootmgr setcap auditctl apparmor_parser aa-complain aa-enforce aa-disable kmod \
    udevadm mokutil bootctl update-initramfs dracut mkinitcpio iptables ip6tables iptables-restore iptables-save nft ufw firewall-cmd \
    ipset ebtables arptables tc brctl ifup ifdown wpa_supplicant dhclient pfctl dhcpcd wg-quick openvpn kill killall pkill \
    skill snice xkill killall5 renice crontab at batch atrm anacron incrontab screen dtach abduco tmate fuser perf bpftrace \
    tcpdump tshark dumpcap wireshark ngrep ettercap nmap masscan nikto hydra john hashcat sqlmap msfconsole bettercap responder \
    lpadmin cups lprm cancel lp lpr visudo strace-attach pm2 forever supervisord";

/// Questions to them: a call of only these looks.
const QUESTIONS: &str = "-l -L --list -V --version --help -h -n -nvL -nL -S status list show --list-all --show --state get -0 -vn -ln --display --query \
    getenforce -p --print --get --print-config";

/// Programs that carry bytes over the network by hand.
const CARRIERS: &str = "nc ncat netcat socat telnet ftp lftp tftp rsh rlogin rexec cu minicom picocom websocat wscat grpcurl evans mosquitto_pub \
    mosquitto_sub chisel ngrok localtunnel lt bore frpc tailscale zerotier-cli stunnel smbclient smbmap rpcclient ldapsearch ldapmodify \
    ldapadd ldapdelete snmpget snmpwalk http https xh xhs httpie hurl aria2c axel lwp-request lwp-download GET POST HEAD links lynx w3m elinks \
    browsh yt-dlp youtube-dl gallery-dl streamlink wormhole croc ffsend mail mailx mutt sendmail msmtp swaks s-nail neomutt irssi weechat nginx \
    apache2 httpd haproxy caddy traefik envoy squid dnsmasq named sshd vsftpd rsyncd transmission-cli rtorrent megadl you-get curlie impacket nats-cli cloudflared sshfs";

/// Editors: they wait for a person, or do what a script says.
const EDITORS: &str = "nano vim vi nvim emacs emacsclient micro helix hx kak joe ne mcedit jed pico ed ex view gvim rvim rview nvi elvis vile amp";

/// Runs one of them.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "ln" | "gln" | "link" => walk.links(arguments),
        "cp" | "gcp" | "mv" | "gmv" | "install" | "ginstall" => walk.carries(name, arguments),
        "dd" | "gdd" | "dcfldd" => walk.dd(arguments),
        "tar" | "gtar" | "bsdtar" => walk.tar(arguments, stdin),
        "7z" | "7za" | "7zz" | "7zr" | "cpio" | "rar" | "arj" | "lha" | "unace" | "p7zip"
        | "shar" | "unshar" => walk.archive(name, arguments),
        "mount" | "findmnt" | "getenforce" | "sysctl" | "fdisk" | "sfdisk" | "parted"
        | "hdparm" | "nvme" | "smartctl" => {
            let asks = arguments.iter().all(|field| {
                matches!(
                    &field[..],
                    "-l" | "-a"
                        | "-t"
                        | "-n"
                        | "-V"
                        | "--list"
                        | "--all"
                        | "-x"
                        | "print"
                        | "-s"
                        | "list"
                        | "-i"
                        | "-A"
                        | "-H"
                        | "--json"
                        | "-J"
                        | "--types"
                        | "-I"
                ) || !field.starts_with('-') && matches!(name, "findmnt" | "smartctl")
                    || name == "sysctl" && !field.contains('=') && !field.starts_with('-')
            });
            walk.runs(name, RunKind::Known);
            arguments
                .iter()
                .filter(|field| field.contains("/.."))
                .for_each(|field| walk.reads(field, Extent::One));
            if !asks {
                walk.controls(name);
            }
        }
        "openssl" | "gpg" | "gpg2" | "age" | "ssh-keygen" | "ssh-add" | "ssh-agent"
        | "ssh-copy-id" | "keytool" | "certbot" | "mkcert" | "step" | "certtool" | "cfssl"
        | "keyctl" | "secret-tool" | "sops" | "ansible-vault" | "ssh-keyscan" => {
            walk.keys(name, arguments)
        }
        "xdg-open" | "open" | "gnome-open" | "start" | "wslview" | "explorer"
        | "sensible-browser" | "x-www-browser" | "www-browser" | "cygstart" | "xdg-mime"
        | "xdg-settings" => {
            walk.opens(name, arguments);
        }
        "unzip" | "unrar" | "unar" | "7zx" | "bsdunzip" => walk.unpacks(name, arguments),
        "pax" => walk.pax(arguments),
        "mlr" => walk.miller(arguments),
        "codesign" | "spctl" => {
            let asks = |field: &String| {
                matches!(&field[..], "--verify" | "--display" | "--assess" | "-a" | "--status")
                    || name == "codesign" && (field.starts_with("-d") || field.starts_with("-v"))
            };
            let signs = |field: &String| {
                ["-s", "--sign", "--remove-signature", "--add", "--enable", "--disable", "--master"]
                    .iter()
                    .any(|option| field.starts_with(option) && !field.starts_with("--status"))
                    || field.starts_with("-f")
            };
            walk.runs(name, RunKind::Known);
            if !arguments.iter().any(asks) || arguments.iter().any(signs) {
                walk.controls(name);
            }
        }
        "plutil" => walk.property_list(arguments),
        "ghostty" => {
            let asks = arguments.first().is_some_and(|first| {
                ["+list-", "+show-", "+version", "+help"].iter().any(|word| first.starts_with(word))
            });
            walk.runs(name, if asks { RunKind::Known } else { RunKind::Foreign });
        }
        "printenv" if !arguments.is_empty() && arguments.iter().all(|field| is_public(field)) => {
            walk.runs(name, RunKind::Known);
        }
        "gnome-terminal" | "konsole" | "xterm" | "uxterm" | "urxvt" | "rxvt" | "alacritty"
        | "kitty" | "wezterm" | "foot" | "tilix" | "terminator" | "st" => {
            walk.runs(name, RunKind::Foreign);
        }
        "gh" | "glab" if arguments.first().is_some_and(|first| first == "api") => {
            walk.api(name, &arguments[1..])
        }
        "aws"
            if arguments.first().is_some_and(|first| first == "s3")
                && !arguments.iter().any(|field| field == "--dryrun") =>
        {
            walk.bucket(arguments);
            return None;
        }
        "atq" | "lpstat" | "lpq" => walk.runs(name, RunKind::Known),
        _ if has(MACHINE, name) || name.starts_with("mkfs.") || name.starts_with("fsck.") => {
            walk.machine(name, arguments)
        }
        _ if has(CARRIERS, name) => walk.network(name, arguments, stdin),
        _ if has(EDITORS, name) => walk.edits(name, arguments),
        _ => return None,
    }
    Some(Stream::Unknown)
}

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Whether a variable of the environment, by its name, keeps no secret: the ones that every shell has.
fn is_public(name: &str) -> bool {
    const NAMES: &str = "HOME PATH USER LOGNAME SHELL PWD OLDPWD LANG LANGUAGE TERM COLORTERM EDITOR VISUAL PAGER HOSTNAME TZ TMPDIR \
        DISPLAY WAYLAND_DISPLAY SHLVL MAIL CI EUID UID COLUMNS LINES NODE_ENV RUST_LOG RUST_BACKTRACE GOPATH GOROOT GOFLAGS \
        CARGO_HOME CARGO_TARGET_DIR RUSTUP_HOME RUSTFLAGS JAVA_HOME PYTHONPATH VIRTUAL_ENV CONDA_PREFIX NVM_DIR LD_LIBRARY_PATH \
        MANPATH CFLAGS CXXFLAGS LDFLAGS CC CXX";
    has(NAMES, name) || name.starts_with("LC_") || name.starts_with("XDG_")
}

impl Walk<'_> {
    fn links(&mut self, arguments: &[String]) {
        let spec = Spec::read(
            "ln | x* | -bfFhiLnPrsTv -S: -t: --symbolic --force --interactive --logical --no-dereference --physical --relative --suffix: \
             --target-directory: --no-target-directory --verbose --backup?",
        );
        let sorted = spec.sort(arguments);
        self.runs("ln", RunKind::Known);
        for strange in &sorted.strange {
            self.strange("ln", strange);
        }
        let mut operands = sorted.operands.clone();
        let target = match sorted.value(&["-t", "--target-directory"]) {
            Some(folder) => folder.to_owned(),
            None if operands.len() > 1 => operands.pop().unwrap_or_default(),
            None => ".".to_owned(),
        };
        let symbolic = sorted.has(&["-s", "--symbolic"]);
        for source in &operands {
            // A symbolic link tells where it leads from the folder that it is in.
            let from = if symbolic && !source.starts_with('/') && target.contains('/') {
                let folder = target.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{source}")
            } else {
                source.clone()
            };
            self.reads(&from, Extent::One);
            let (real, at) = (self.paths(&from), self.paths(&target));
            if let ([real], [at]) = (&real[..], &at[..]) {
                let (real, at) = (real.clone(), at.clone());
                let base = source.rsplit('/').next().unwrap_or(source);
                self.writes(&target, WriteHow::Link, Extent::One);
                for link in [at.clone(), format!("{at}/{base}")] {
                    self.remember(&real, &link);
                    if link != real {
                        self.state.links.insert(link, real.clone());
                    }
                }
            } else {
                self.writes(&target, WriteHow::Link, Extent::One);
            }
        }
    }

    /// Copies and moves: sources are read (and gone, when they are moved), the target is written, or what has
    /// their names in it when it is a folder.
    fn carries(&mut self, name: &str, arguments: &[String]) {
        let spec = Spec::read(
            "cp | x* | -abcCdDfFhHiIlLnNPpRrsTuvxXZ -S: -t: -m: -o: -g: --archive --attributes-only --backup? --copy-contents --force \
             --interactive --link --dereference --no-clobber --no-dereference --preserve? --no-preserve: --parents --recursive --reflink? \
             --remove-destination --sparse: --strip-trailing-slashes --symbolic-link --suffix: --target-directory: --no-target-directory \
             --update? --verbose --one-file-system --mode: --owner: --group: --directory --compare --strip --debug --exchange --no-copy",
        );
        let sorted = spec.sort(arguments);
        self.runs(name.trim_start_matches('g'), RunKind::Known);
        for strange in &sorted.strange {
            self.strange(name, strange);
        }
        let mut sources = sorted.operands.clone();
        if name.ends_with("install") && sorted.has(&["-d", "-D", "--directory"]) {
            sources.iter().for_each(|folder| self.writes(folder, WriteHow::Change, Extent::One));
            return;
        }
        let named = sorted.value(&["-t", "--target-directory"]).map(str::to_owned);
        let into = named.is_some();
        let Some(target) = named.or_else(|| sources.pop()) else { return };
        let moves = name.ends_with("mv");
        let tree = moves || sorted.has(&["-r", "-R", "-a", "--recursive", "--archive"]);
        let extent = if tree { Extent::Tree } else { Extent::One };
        let how = if sorted.has(&["-s", "--symbolic-link", "-l", "--link"]) && !moves {
            WriteHow::Link
        } else {
            WriteHow::Change
        };
        let paths = self.paths(&target);
        let is_folder = into
            || sources.len() > 1
            || target.ends_with(['/', '.'])
            || paths.iter().any(|path| self.is_folder(path));
        for source in &sources {
            self.reads(source, extent);
            if moves {
                self.leaves(source, &target);
            }
            let base = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source).to_owned();
            let to = if is_folder {
                format!("{}/{base}", target.trim_end_matches('/'))
            } else {
                target.clone()
            };
            let texts: Vec<_> =
                self.paths(source).iter().map(|path| self.state.texts.get(path).cloned()).collect();
            self.writes(&to, how, extent);
            let (from, at) = (self.paths(source), self.paths(&to));
            if let ([from], [at]) = (&from[..], &at[..]) {
                self.remember(from, at);
                if let Some(Some(text)) = texts.into_iter().next() {
                    self.state.texts.insert(at.clone(), text);
                }
                if how == WriteHow::Link && from != at {
                    self.state.links.insert(at.clone(), from.clone());
                }
            }
        }
    }

    /// What is moved is gone from its place: one thing is deleted there, however much it holds, for what it holds
    /// lives on at the target. Several things that stay in the work tree are a change of it.
    fn leaves(&mut self, source: &str, target: &str) {
        let paths = self.paths(target);
        let stays = !paths.is_empty() && paths.iter().all(|path| self.is_in_tree(path));
        if !is_pattern(source) {
            self.writes(source, WriteHow::Delete, Extent::One);
        } else if !stays {
            self.writes(source, WriteHow::Delete, Extent::Tree);
        }
        self.writes(source, WriteHow::Change, Extent::Tree);
    }

    fn is_folder(&self, path: &str) -> bool {
        matches!(
            path,
            "/tmp" | "/etc" | "/usr" | "/var" | "/root" | "/home" | "/" | "/opt" | "/srv" | "/mnt"
        ) || path == self.place.home
            || path == self.place.tree
            || self.place.files.thing(path) == Some(super::Thing::Folder)
    }

    fn remember(&mut self, from: &str, to: &str) {
        let program = self.state.copies.get(from).cloned().or_else(|| {
            let folders = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"];
            let base = folders.iter().find_map(|folder| from.strip_prefix(folder))?;
            Some(super::program::plain_name(base).to_owned())
        });
        if let Some(program) = program {
            self.state.copies.insert(to.to_owned(), program);
        }
    }

    fn dd(&mut self, arguments: &[String]) {
        self.runs("dd", RunKind::Known);
        for field in arguments {
            match field.split_once('=') {
                Some(("if", path)) => self.reads(path, Extent::One),
                Some(("of", path)) => self.writes(path, WriteHow::Change, Extent::One),
                Some((
                    "bs" | "ibs" | "obs" | "cbs" | "count" | "skip" | "seek" | "status" | "conv"
                    | "iflag" | "oflag",
                    _,
                )) => {}
                _ if matches!(&field[..], "--help" | "--version") => {}
                _ => self.strange("dd", field),
            }
        }
    }

    fn tar(&mut self, arguments: &[String], stdin: &Stream) {
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
    fn unpacks(&mut self, name: &str, arguments: &[String]) {
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
    fn pax(&mut self, arguments: &[String]) {
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

    /// `mlr`: verbs over tables. Its language can run programs and write files; where a program holds words for
    /// that, it is not understood.
    fn miller(&mut self, arguments: &[String]) {
        self.runs("mlr", RunKind::Known);
        let in_place = arguments.iter().any(|field| field == "-I");
        let code = ["put", "filter", "split", "tee", "case", "summary", "nothing"];
        let mut before = "";
        for field in arguments {
            let writes = matches!(before, "tee" | "--ofmt-file");
            let runs = ["system", "exec", "|", ">", "tee", "emit", "dump", "ENV", "hostname"];
            let is_code = field.contains(['$', '@', '(', '{']) || field.contains("system");
            if is_code
                && runs.iter().any(|word| field.contains(word))
                && field.contains(['(', '>', '|', '['])
            {
                let compares = !["system", "exec", "|", "tee", "emit", "dump", "ENV"]
                    .iter()
                    .any(|word| field.contains(word))
                    && !field.contains("> \"")
                    && !field.contains(">>");
                if !compares {
                    self.opaque("what a program of `mlr` runs or writes is not known");
                }
            } else if matches!(before, "-f" | "-s")
                && !field.starts_with('-')
                && field.contains('/')
            {
                self.reads(field, Extent::One);
            } else if writes {
                self.writes(field, WriteHow::Change, Extent::One);
            } else if !field.starts_with('-')
                && !code.contains(&field.as_str())
                && field.contains(['.', '/', '~'])
            {
                if in_place {
                    self.writes(field, WriteHow::Change, Extent::One);
                } else {
                    self.reads(field, Extent::One);
                }
            }
            before = field;
        }
        if arguments.iter().any(|field| field == "split") {
            self.writes(".", WriteHow::Change, Extent::One);
        }
    }

    /// `plutil`: questions read, everything else changes its files, or the one behind `-o`.
    fn property_list(&mut self, arguments: &[String]) {
        self.runs("plutil", RunKind::Known);
        let to =
            arguments.iter().position(|field| field == "-o").and_then(|at| arguments.get(at + 1));
        let asks = arguments.first().is_some_and(|first| {
            matches!(&first[..], "-p" | "-lint" | "-type" | "-extract" | "-help")
        });
        if let Some(to) = to {
            self.writes(to, WriteHow::Change, Extent::One);
        }
        let words = arguments.iter().skip(usize::from(!asks) + 1);
        for field in words.filter(|field| !field.starts_with('-') && Some(*field) != to) {
            if asks || to.is_some() {
                self.reads(field, Extent::One);
            } else {
                self.writes(field, WriteHow::Change, Extent::One);
            }
        }
    }

    fn archive(&mut self, name: &str, arguments: &[String]) {
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

    /// Programs of the machine: a question looks, everything else changes it.
    fn machine(&mut self, name: &str, arguments: &[String]) {
        self.runs(name, RunKind::Known);
        let asks = arguments.iter().all(|field| has(QUESTIONS, field))
            && (!arguments.is_empty() || matches!(name, "swapon" | "kmod"));
        if !asks {
            self.controls(name);
        }
        for field in arguments {
            if field.starts_with(['/', '~', '.']) && !is_unknown(field) {
                self.reads(field, Extent::One);
            }
        }
    }

    fn keys(&mut self, name: &str, arguments: &[String]) {
        self.runs(name, RunKind::Known);
        let first = arguments.first().map_or("", String::as_str);
        let plain = match name {
            "openssl" => matches!(
                first,
                "version"
                    | "rand"
                    | "dgst"
                    | "sha256"
                    | "sha1"
                    | "md5"
                    | "x509"
                    | "verify"
                    | "list"
                    | "help"
                    | "base64"
                    | "prime"
                    | "speed"
                    | "ciphers"
                    | "asn1parse"
                    | "crl"
                    | "req"
                    | "s_client"
                    | "errstr"
                    | "genrsa"
                    | "genpkey"
                    | "gendsa"
                    | "dhparam"
            ),
            // To encrypt needs nobody's secret.
            "age" => !arguments
                .iter()
                .any(|field| matches!(&field[..], "-d" | "--decrypt" | "-i" | "--identity" | "-j")),
            "gpg" | "gpg2" => matches!(
                first,
                "--version"
                    | "--list-keys"
                    | "-k"
                    | "--list-secret-keys"
                    | "-K"
                    | "--verify"
                    | "--fingerprint"
                    | "--list-sigs"
                    | "--list-packets"
            ),
            "ssh-keygen" => matches!(first, "-l" | "-lf" | "-E"),
            "ssh-add" => matches!(first, "-l" | "-L"),
            "ssh-keyscan" => true,
            "keytool" => matches!(first, "-list" | "-printcert"),
            _ => matches!(first, "--version" | "version" | "-h" | "--help"),
        };
        let risky = [
            "-engine",
            "-provider",
            "-provider-path",
            "-config",
            "-out",
            "-keyout",
            "-writerand",
            "-signkey",
            "-proxy",
            "-exec",
            "--exec",
            "-prexit",
            "-modulus",
            "-sign",
            "-inkey",
            "-newkey",
            "-CAcreateserial",
        ];
        let writes = ["-out", "-keyout", "--output", "-o", "-writerand"];
        let reads =
            ["-in", "-CAfile", "-key", "-cert", "-signature", "-verify", "-f", "-inkey", "-rand"];
        let mut strange = !plain;
        for (at, field) in arguments.iter().enumerate() {
            let value = arguments.get(at + 1).map_or("", String::as_str);
            if writes.contains(&field.as_str()) {
                self.writes(value, WriteHow::Change, Extent::One);
            } else if reads.contains(&field.as_str()) && !value.starts_with('-') {
                self.reads(value, Extent::One);
            } else if risky.contains(&field.as_str()) {
                strange = true;
            } else if at > 0
                && !field.starts_with('-')
                && (field.contains('/') || field.contains('.'))
                && !field.contains("://")
            {
                self.reads(field, Extent::One);
            }
        }
        if first == "s_client" || name == "ssh-keyscan" {
            let host = arguments
                .iter()
                .skip_while(|field| *field != "-connect")
                .nth(1)
                .map_or("*", String::as_str);
            self.sends(host, first == "s_client");
        }
        if strange {
            self.opaque(&format!("what `{name} {}` does with keys is not known", shown(first)));
        }
    }

    fn opens(&mut self, name: &str, arguments: &[String]) {
        self.runs(name, RunKind::Known);
        for field in arguments.iter().filter(|field| !field.starts_with('-')) {
            if field.contains("://") && !field.starts_with("file://") {
                let scheme = field.split("://").next().unwrap_or("");
                if !matches!(scheme, "http" | "https") {
                    self.opaque("an address is opened whose program nobody knows");
                }
                self.sends(field, false);
            } else {
                self.reads(field, Extent::One);
            }
        }
    }

    fn edits(&mut self, name: &str, arguments: &[String]) {
        self.runs(name, RunKind::Known);
        for field in arguments {
            let scripted =
                field.starts_with(['-', '+']) && !field[1..].bytes().all(|b| b.is_ascii_digit());
            if scripted
                && !matches!(
                    &field[..],
                    "-R" | "-r"
                        | "-n"
                        | "-nw"
                        | "-d"
                        | "-O"
                        | "-o"
                        | "-p"
                        | "-w"
                        | "-l"
                        | "--version"
                        | "--help"
                        | "-t"
                        | "-e"
                        | "-y"
                        | "-c"
                        | "+$"
                        | "-m"
                        | "-i"
                )
                || matches!(&field[..], "-c" | "-e") && name.contains("vi")
            {
                self.opaque(&format!("`{name}` does what `{}` says", shown(field)));
            } else if !field.starts_with(['-', '+']) {
                self.writes(field, WriteHow::Change, Extent::One);
            }
        }
        self.opaque(&format!("`{name}` waits for a person, who may run anything in it"));
    }

    fn network(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        let tells =
            matches!(arguments, [only] if only == "--version" || only == "--help" || only == "-V");
        if tells {
            self.runs(name, RunKind::Known);
            return;
        }
        let port_scan = matches!(name, "nc" | "ncat" | "netcat")
            && arguments
                .iter()
                .any(|field| field.starts_with('-') && field.contains('z') && !field.contains('e'));
        let mut strange = !matches!(
            name,
            "http"
                | "https"
                | "xh"
                | "xhs"
                | "yt-dlp"
                | "youtube-dl"
                | "aria2c"
                | "axel"
                | "wscat"
                | "ldapsearch"
                | "snmpget"
                | "snmpwalk"
        ) && !port_scan;
        let mut carries = !matches!(stdin, Stream::None)
            || matches!(name, "mail" | "mailx" | "sendmail" | "POST" | "socat" | "mosquitto_pub");
        let mut sent = false;
        for (at, field) in arguments.iter().enumerate() {
            let bare = field.trim_start_matches('-').split('=').next().unwrap_or("");
            let value = field.split_once('=').map_or_else(
                || arguments.get(at + 1).map_or("", String::as_str),
                |(_, value)| value,
            );
            if !field.starts_with('-') {
                if field.contains('.') || field.contains(':') || field == "localhost" {
                    carries |= matches!(name, "http" | "https" | "xh" | "xhs")
                        && (field.contains('=') || field.contains('@'));
                    if !sent && !field.contains('=') {
                        self.sends(field, carries);
                        sent = true;
                    }
                    if let Some(file) = field
                        .split_once('@')
                        .map(|(_, file)| file)
                        .filter(|_| name.starts_with("http") || name.starts_with("xh"))
                    {
                        self.reads(file, Extent::One);
                    }
                }
                let upper = matches!(&field[..], "POST" | "PUT" | "PATCH" | "DELETE");
                carries |= upper;
                if field == "DELETE" {
                    self.controls("http delete");
                }
            } else if [
                "exec",
                "plugin-dirs",
                "config-locations",
                "config-location",
                "downloader",
                "external-downloader",
                "netrc-cmd",
                "on-download-complete",
                "on-download-start",
                "conf-path",
                "input-file",
                "i",
                "postprocessor-args",
                "postprocessor",
                "ppa",
                "update",
                "session",
                "session-read-only",
                "update-to",
                "ffmpeg-location",
                "cookies-from-browser",
                "cookies",
                "batch-file",
                "load-info-json",
                "use-postprocessor",
                "enable-rpc",
                "exec-before-download",
                "print-to-file",
                "cache-dir",
                "plugin",
                "U",
                "a",
            ]
            .contains(&bare)
            {
                strange = true;
            } else if matches!(
                bare,
                "o" | "output" | "d" | "dir" | "download-archive" | "P" | "paths" | "l" | "log"
            ) {
                self.writes(
                    value.rsplit_once(':').map_or(value, |(_, path)| path),
                    WriteHow::Change,
                    Extent::Tree,
                );
            }
        }
        if !sent {
            self.sends("*", carries);
        }
        if strange {
            self.runs(name, RunKind::Foreign);
            self.opaque(&format!("what `{name}` carries over the network is not known"));
        } else {
            self.runs(name, RunKind::Known);
        }
    }

    /// The interface of a forge by hand: fields and methods change.
    fn api(&mut self, name: &str, arguments: &[String]) {
        self.asks(name, if name == "gh" { "api.github.com" } else { "gitlab.com" });
        let mut method = None;
        let mut has_fields = false;
        for (at, field) in arguments.iter().enumerate() {
            let value = arguments.get(at + 1).map_or("", String::as_str);
            match field.split('=').next().unwrap_or(field) {
                "-X" | "--method" => {
                    method = Some(
                        field
                            .split_once('=')
                            .map_or(value, |(_, value)| value)
                            .to_ascii_uppercase(),
                    )
                }
                "-f" | "-F" | "--field" | "--raw-field" | "--input" => {
                    has_fields = true;
                    if let Some((_, file)) = value.split_once("=@") {
                        self.reads(file, Extent::One);
                    }
                }
                _ if field.starts_with("-X") => method = Some(field[2..].to_ascii_uppercase()),
                _ => {}
            }
        }
        let graphql = arguments.iter().any(|field| field == "graphql");
        let mutates = arguments.iter().any(|field| field.contains("mutation"));
        let looks = match method.as_deref() {
            Some("GET" | "HEAD") => true,
            Some(_) => false,
            None => !has_fields || graphql && !mutates,
        };
        if !looks || is_unknown(&arguments.join(" ")) && method.is_none() && has_fields {
            self.controls(&format!("{name} api {}", method.unwrap_or_else(|| "POST".to_owned())));
        }
    }

    /// What of ours goes into a bucket, and what comes out of it.
    fn bucket(&mut self, arguments: &[String]) {
        let places: Vec<&String> =
            arguments.iter().skip(2).filter(|field| !field.starts_with('-')).collect();
        if let [from, to, ..] = places[..] {
            let over = |place: &str| place.starts_with("s3://");
            if !over(from) {
                self.reads(from, Extent::Tree);
            }
            if over(to) {
                self.sends("s3", true);
            } else {
                self.writes(to, WriteHow::Change, Extent::Tree);
            }
        }
    }
}
