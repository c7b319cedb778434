//! Programs that keep and use keys.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::shown;
use crate::shell::walk::Walk;

impl Walk<'_> {
    pub(super) fn keys(&mut self, name: &str, arguments: &[String]) {
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
}
