//! Programs that keep and use keys.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::shown;
use crate::shell::walk::Walk;

impl Walk<'_> {
    pub(super) fn keys(&mut self, name: &str, arguments: &[String]) {
        self.runs(name, RunKind::Known);
        let first = arguments.first().map_or("", String::as_str);
        if self.tells_no_secret(name, first, arguments) {
            return;
        }
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
            "age" => !arguments.iter().any(|field| {
                let letters = field.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
                matches!(&field[..], "--decrypt" | "--identity")
                    || letters.is_some_and(|letters| letters.contains(['d', 'i', 'j']))
            }),
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

    /// Calls that take in what may hold a secret and let none of it out: they encrypt it, or tell what is public of it.
    /// Says what they do and that it was said.
    fn tells_no_secret(&mut self, name: &str, first: &str, arguments: &[String]) -> bool {
        const CERTIFICATE: &str = "-in -out -noout -text -dates -startdate -enddate -subject -issuer -serial -fingerprint -hash -email \
            -ext -purpose -alias -ocspid -ocsp_uri -pubkey -checkend -checkhost -checkip -nameopt -certopt -inform -outform \
            -sha1 -sha256 -md5 -subject_hash -issuer_hash -lastupdate -nextupdate";
        const PUBLIC: &str = "-in -out -pubin -pubout -RSAPublicKey_out -inform -outform -noout";
        const CIPHER: &str =
            "-e -in -out -k -a -A -salt -nosalt -pbkdf2 -iter -md -K -iv -S -p -base64";
        let rest = arguments.get(1..).unwrap_or_default();
        let has = |option: &str| rest.iter().any(|field| field == option);
        let only = |list: &str| {
            rest.iter().filter(|field| field.starts_with('-')).all(|option| {
                let is_cipher = list == CIPHER
                    && ["-aes", "-camellia", "-chacha", "-aria"]
                        .iter()
                        .any(|begin| option.starts_with(begin));
                is_cipher || list.split_whitespace().any(|known| known == option)
            })
        };
        let files: Vec<&str> =
            rest.iter().map(String::as_str).filter(|f| !f.starts_with('-')).collect();
        match (name, first) {
            ("openssl", "x509" | "crl") => {
                let is_certificate = |file: &str| {
                    [".pem", ".crt", ".cer", ".der", ".crl"].iter().any(|end| file.ends_with(end))
                };
                if !only(CERTIFICATE) || !value_of(rest, "-in").is_none_or(is_certificate) {
                    return false;
                }
            }
            ("openssl", "rsa" | "pkey" | "ec" | "dsa")
                if has("-pubout") || has("-RSAPublicKey_out") =>
            {
                if !only(PUBLIC) {
                    return false;
                }
            }
            ("openssl", "enc") if !has("-d") && only(CIPHER) => {
                value_of(rest, "-in").into_iter().for_each(|file| self.reads(file, Extent::One));
            }
            // In place, unless it is told where to.
            ("ansible-vault", "encrypt")
                if rest.iter().all(|field| !field.starts_with('-') || field == "--output") =>
            {
                let to = value_of(rest, "--output");
                for file in files {
                    match to {
                        Some(_) if Some(file) != to => self.reads(file, Extent::One),
                        _ => self.writes(file, WriteHow::Change, Extent::One),
                    }
                }
                return true;
            }
            ("sops", "filestatus") => {
                files.iter().for_each(|file| self.looks_at(file));
                return true;
            }
            _ => return false,
        }
        if first != "enc" {
            value_of(rest, "-in").into_iter().for_each(|file| self.looks_at(file));
        }
        value_of(rest, "-out")
            .into_iter()
            .for_each(|file| self.writes(file, WriteHow::Change, Extent::One));
        true
    }

    /// A file of which nothing is told that has to be kept: in the work tree that is no more than a look at its name.
    fn looks_at(&mut self, file: &str) {
        let paths = self.paths(file);
        if paths.is_empty() || !paths.iter().all(|path| self.is_in_tree(path)) {
            self.reads(file, Extent::One);
        }
    }
}

/// The word behind an option.
fn value_of<'a>(arguments: &'a [String], option: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|field| field == option)?;
    arguments.get(at + 1).map(String::as_str)
}
