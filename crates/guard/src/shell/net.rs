//! Programs that talk to other machines: who is asked, and whether something of ours goes along.

use weir_model::act::{Effect, Extent, RunKind, WriteHow};

use super::marks::{is_unknown, shown, unmarked};
use super::tables::Spec;
use super::walk::{Stream, Walk};

/// `curl`, without what its handler looks at itself.
const CURL: &str = "curl | n* | -#0146fgGijIJkLlMnNOpqRsSvVZaB \
    -A: -b: -c:w -C: -d: -D:w -e: -E:r -F: -h: -H: -K:! -m: -o:w -P: -Q:! -r: -t: -T: -u: -U: -w: -x: -X: -y: -Y: -z: \
    --location --silent --show-error --fail --fail-with-body --include --head --verbose --insecure --compressed --globoff \
    --get --no-buffer --progress-bar --http1.1 --http2 --http3 --http1.0 --ipv4 --ipv6 --tlsv1.2 --tlsv1.3 --remote-name \
    --remote-header-name --create-dirs --location-trusted --no-progress-meter --parallel --path-as-is --raw --remote-name-all \
    --retry: --retry-delay: --retry-max-time: --retry-all-errors --retry-connrefused --connect-timeout: --max-time: \
    --max-redirs: --user-agent: --header: --request: --data: --data-raw: --data-binary: --data-ascii: --data-urlencode: \
    --json: --form: --form-string: --output:w --output-dir:w --dump-header:w --cookie: --cookie-jar:w --upload-file: --url:n \
    --user: --referer: --range: --write-out: --cacert:r --cert:r --key:r --config:! --proxy: --resolve: --interface: \
    --limit-rate: --noproxy: --proto: --proto-default: --proto-redir: --trace:w --trace-ascii:w --stderr:w --netrc --netrc-file:r \
    --netrc-optional --oauth2-bearer: --continue-at: --time-cond: --tcp-nodelay --keepalive-time: --no-keepalive --ssl --ssl-reqd \
    --anyauth --basic --digest --negotiate --ntlm --next --styled-output --help --manual --disable --unix-socket:r --quote:! --engine:! --hsts:w --etag-save:w --etag-compare:r \
    --aws-sigv4: --doh-url:n --connect-to: --max-filesize: --remove-on-error --no-clobber --skip-existing --variable:! --libcurl:w --telnet-option: --mail-from: --mail-rcpt:";

/// `wget`, likewise.
const WGET: &str = "wget | n* | -qvcNSbdFrkKmpHLEnxVh -O:w -P:W -t: -T: -U: -o:w -a:w -i:r -e:! -l: -A: -R: -D: -Q: -w: -I: -X: -B: \
    --quiet --verbose --no-verbose --continue --output-document:w --directory-prefix:W --tries: --timeout: --user-agent: \
    --header: --no-check-certificate --spider --server-response --show-progress --progress: --recursive --level: \
    --no-parent --mirror --convert-links --page-requisites --adjust-extension --span-hosts --accept: --reject: --domains: \
    --wait: --random-wait --limit-rate: --input-file:r --output-file:w --append-output:w --post-data: --post-file: \
    --body-data: --body-file: --method: --user: --password: --http-user: --http-password: --ca-certificate:r --certificate:r \
    --private-key:r --load-cookies:r --save-cookies:w --no-clobber --timestamping --content-disposition --trust-server-names \
    --max-redirect: --retry-connrefused --waitretry: --execute:! --use-askpass:! --config:! --rejected-log:w --warc-file:w \
    --background --no-host-directories --cut-dirs: --no-directories --force-directories --inet4-only --inet6-only --referer: --secure-protocol: --https-only --no-cookies --cookies? --keep-session-cookies --delete-after --backup-converted --no-hsts --hsts-file:w --restrict-file-names: --no-proxy --no-dns-cache --no-cache --ignore-length --debug --dns-timeout: --connect-timeout: --read-timeout: --auth-no-challenge --compression: --start-pos: --report-speed: --no-iri --no-config --unlink --preserve-permissions --follow-ftp --default-page: --base: --quota: --exclude-directories: --include-directories: --exclude-domains: --regex-type: --accept-regex: --reject-regex:";

/// Runs a program that talks to other machines.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "curl" => walk.curl(arguments, stdin),
        "wget" | "wget2" => walk.wget(arguments, stdin),
        "scp" | "rsync" | "sftp" | "rcp" => walk.copies_over(name, arguments, stdin),
        _ => return None,
    }
    Some(Stream::Unknown)
}

impl Walk<'_> {
    /// Writes down that a host is asked, or gets something of ours.
    pub(super) fn sends(&mut self, address: &str, carries: bool) {
        let host = host(address);
        self.find(Effect::Sends { host, carries });
    }

    /// Whether an address or a header takes something of ours along: a secret in a variable that nobody knows, or where
    /// somebody's home is.
    pub(super) fn tells_of_us(&self, field: &str) -> bool {
        let home = self.place.home;
        let in_address = field.split_once("://").is_some_and(|(scheme, rest)| {
            scheme.starts_with("http") && !home.is_empty() && rest.contains(home)
        });
        is_unknown(field) || in_address
    }

    fn curl(&mut self, arguments: &[String], stdin: &Stream) {
        let spec = Spec::read(CURL);
        let sorted = spec.sort(arguments);
        let mut carries = false;
        let mut method = String::new();
        for (name, value, _) in &sorted.options {
            let value = value.as_deref().unwrap_or("");
            match &name[..] {
                "-d" | "--data" | "--data-binary" | "--data-ascii" | "--json"
                | "--data-urlencode" | "--data-raw" => {
                    carries = true;
                    let file = value.find('@').filter(|at| *at == 0 || name == "--data-urlencode");
                    if let (Some(at), false) = (file, name == "--data-raw") {
                        self.reads(&value[at + 1..], Extent::One);
                    }
                }
                "-F" | "--form" => {
                    carries = true;
                    if let Some((_, file)) =
                        value.split_once("=@").or_else(|| value.split_once("=<"))
                    {
                        self.reads(file.split(';').next().unwrap_or(file), Extent::One);
                    }
                }
                "-T" | "--upload-file" => {
                    carries = true;
                    self.reads(value, Extent::One);
                }
                "-b" | "--cookie" if !value.contains('=') => self.reads(value, Extent::One),
                "-H" | "--header" if value.starts_with('@') => self.reads(&value[1..], Extent::One),
                "-X" | "--request" => method = value.to_ascii_uppercase(),
                "-x" | "--proxy" => self.sends(value, true),
                "-O" | "--remote-name" | "--remote-name-all" | "-J" => {
                    self.writes(".", WriteHow::Change, Extent::Many);
                }
                "-n" | "--netrc" => self.reads(&format!("{}/.netrc", self.place.home), Extent::One),
                "-w" | "--write-out" if value.contains("%output{") => {
                    self.opaque("`curl --write-out` writes files");
                }
                _ => {}
            }
        }
        carries |= arguments.iter().any(|field| self.tells_of_us(field));
        for operand in &sorted.operands {
            let plain = unmarked(operand);
            match plain.strip_prefix("file://") {
                Some(path) => self.reads(path, Extent::One),
                None => {
                    let is_plain = !plain.contains("://")
                        || plain.starts_with("http")
                        || plain.starts_with("ftp");
                    self.sends(&plain, carries || !is_plain);
                }
            }
        }
        if matches!(&method[..], "POST" | "PUT" | "PATCH" | "DELETE") {
            for operand in sorted.operands.clone() {
                self.sends(&operand, true);
            }
        }
        if method == "DELETE" || carries && is_bulk(arguments) {
            self.controls("http delete");
        }
        let spec = Spec::read(&CURL.replacen("| n* |", "| x* |", 1));
        self.by(&spec, "curl", arguments, stdin);
    }

    fn wget(&mut self, arguments: &[String], stdin: &Stream) {
        let spec = Spec::read(WGET);
        let sorted = spec.sort(arguments);
        let mut carries = arguments.iter().any(|field| is_unknown(field))
            || sorted.operands.iter().any(|address| self.tells_of_us(address));
        for (name, value, _) in &sorted.options {
            let value = value.as_deref().unwrap_or("");
            match &name[..] {
                "--post-data" | "--body-data" => carries = true,
                "--post-file" | "--body-file" => {
                    carries = true;
                    self.reads(value, Extent::One);
                }
                "--method" if value.eq_ignore_ascii_case("delete") => self.controls("http delete"),
                "-i" | "--input-file" => self.sends("*", false),
                _ => {}
            }
        }
        let to_file =
            sorted.has(&["-O", "--output-document", "-P", "--directory-prefix", "--spider"]);
        if !to_file && !sorted.operands.is_empty() {
            self.writes(".", WriteHow::Change, Extent::Many);
        }
        for operand in &sorted.operands {
            self.sends(operand, carries);
        }
        let spec = Spec::read(&WGET.replacen("| n* |", "| x* |", 1));
        self.by(&spec, "wget", arguments, stdin);
    }

    /// Programs that copy between machines: `host:path` is over there.
    fn copies_over(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        let spec = Spec::read(match name {
            "rsync" => {
                "rsync | x* | -avzPrltpgoDhnuWxXAHSRqcCbEIKkLdOFmi0Jy -e:run -f: -T:w -B: -M: --archive --verbose --compress --progress --partial \
                 --recursive --delete --delete-after --delete-before --delete-during --delete-delay --delete-excluded --delete-missing-args --dry-run \
                 --exclude: --include: --exclude-from:r --include-from:r --files-from:r --filter: --rsh:run --rsync-path:! --stats \
                 --human-readable --info: --update --checksum --times --perms --links --copy-links --safe-links --ignore-existing \
                 --existing --size-only --bwlimit: --timeout: --port: --password-file:r --log-file:w --partial-dir:w --backup \
                 --backup-dir:w --suffix: --inplace --append --sparse --numeric-ids --chmod: --chown: --owner --group --devices --max-size: \
                 --min-size: --link-dest:r --compare-dest:r --copy-dest:r --temp-dir:w --out-format: --itemize-changes --list-only --relative \
                 --no-owner --no-group --no-perms --mkpath --remove-source-files --force --ignore-errors --prune-empty-dirs --quiet --daemon! --config:! --address: --write-batch:w --read-batch:r --cvs-exclude --one-file-system --hard-links --acls --xattrs --no-motd --whole-file"
            }
            "scp" | "rcp" => {
                "scp | x* | -346ABCOpqRrTv -c: -D:run -F:r -i: -J: -l: -o:! -P: -S:run -X:"
            }
            _ => {
                "sftp | x* | -46AaCfNpqrv -B: -b:! -c: -D:run -F:r -i: -J: -l: -o:! -P: -R: -S:run -s:"
            }
        });
        let sorted = spec.sort(arguments);
        self.by(&spec, name, arguments, stdin);
        let over = |field: &str| {
            let (before, is_url) =
                (field.split('/').next().unwrap_or("").contains(':'), field.contains("://"));
            before || is_url
        };
        if sorted.has(&["-n", "--dry-run", "--list-only"]) && name == "rsync" {
            // Names and sizes are compared; no file is read out or written.
            for operand in &sorted.operands {
                if over(operand) {
                    self.sends(operand, false);
                } else {
                    self.reads(operand, Extent::One);
                }
            }
            return;
        }
        let deletes = sorted.options.iter().any(|(option, ..)| option.starts_with("--delete"));
        let Some((target, sources)) = sorted.operands.split_last() else { return };
        for source in sources {
            if over(source) {
                self.sends(source, false);
            } else {
                self.reads(source, Extent::Tree);
                if sorted.has(&["--remove-source-files"]) {
                    self.writes(source, WriteHow::Delete, Extent::Tree);
                }
            }
        }
        if over(target) {
            self.sends(target, true);
            if deletes {
                self.controls("rsync --delete");
            }
        } else if !sources.is_empty() {
            self.writes(target, WriteHow::Change, Extent::Tree);
            if deletes {
                self.writes(target, WriteHow::Delete, Extent::Tree);
            }
        }
        if name == "sftp" && !over(target) {
            self.sends(target, true);
        }
    }
}

/// Whether a request over HTTP asks to delete in its address or its body.
fn is_bulk(arguments: &[String]) -> bool {
    let words =
        ["_delete_by_query", "/dodelete", "drop table", "drop database", "\"delete", "flushall"];
    arguments.iter().any(|field| {
        let field = field.to_ascii_lowercase();
        words.iter().any(|word| field.contains(word))
    })
}

/// The host of an address: of a URL, of `user@host:path`, of `host:port`, or a name alone.
pub(super) fn host(address: &str) -> String {
    let address = unmarked(address);
    let rest = address.split_once("://").map_or(&address[..], |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or(inner),
        None => authority.split(':').next().unwrap_or(authority),
    };
    let host = host.trim_end_matches('.').to_lowercase();
    if host.is_empty() || is_unknown(&host) || host.contains(['*', '{', '[']) {
        "*".to_owned()
    } else {
        host
    }
}

impl Walk<'_> {
    /// A program that only asks others, and says what it was told.
    pub(super) fn asks(&mut self, program: &str, host: &str) {
        self.runs(program, RunKind::Known);
        self.sends(host, false);
    }

    /// Says that an argument of a program is not understood.
    pub(super) fn strange(&mut self, program: &str, argument: &str) {
        self.opaque(&format!(
            "`{program}` has an argument that Weir does not know: `{}`",
            shown(argument)
        ));
    }
}
