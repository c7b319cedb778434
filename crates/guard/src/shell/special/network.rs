//! What carries bytes over the network by hand, and what asks a service by hand.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::is_unknown;
use crate::shell::walk::{Stream, Walk};

impl Walk<'_> {
    pub(super) fn network(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
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
                "alias",
                "preset-alias",
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
    pub(super) fn api(&mut self, name: &str, arguments: &[String]) {
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
                        // Whatever the method, it goes out with the request.
                        self.sends(
                            if name == "gh" { "api.github.com" } else { "gitlab.com" },
                            true,
                        );
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
    pub(super) fn bucket(&mut self, arguments: &[String]) {
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
