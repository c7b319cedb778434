//! Programs that neither a line of a table nor their verbs can tell: archives, copies, devices, the network by hand.

mod archive;
mod carry;
mod keys;
mod network;
mod values;
mod versions;

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{is_unknown, shown};
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
                let words = ["+list-", "+show-", "+version", "+help", "+validate-"];
                words.iter().any(|word| first.starts_with(word))
            });
            walk.runs(name, if asks { RunKind::Known } else { RunKind::Foreign });
            for (_, file) in arguments.iter().filter_map(|field| field.split_once('=')) {
                walk.reads(file, Extent::One);
            }
        }
        "tilt" => return walk.tilts(arguments, stdin),
        "hg" | "chg" | "sl" | "bzr" | "brz" | "jj" => {
            walk.waits_for_an_editor(name, arguments);
            return None;
        }
        "pandoc" if arguments.first().is_some_and(|first| first == "lua") => {
            return Some(walk.tool("lua", &arguments[1..], stdin));
        }
        "pandoc" if arguments.first().is_some_and(|first| first == "server") => {
            walk.runs(name, RunKind::Known);
            walk.opaque("`pandoc server` converts whatever it is sent");
        }
        "typst" if arguments.first().is_some_and(|first| first == "update") => {
            walk.controls("typst update");
        }
        "hugo" => {
            walk.themes(arguments);
            return None;
        }
        "dasel" => {
            walk.changes_in_place(arguments);
            return None;
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
}
