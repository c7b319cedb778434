//! What can be told of a host by its name alone.

// Addresses as values; `core` has no sockets.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a host is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HostFacts {
    pub(super) known: bool,
    pub(super) loopback: bool,
    pub(super) private: bool,
    pub(super) metadata: bool,
    pub(super) registry: bool,
    pub(super) drop_box: bool,
}

impl HostFacts {
    /// Of a name in lower case, or an address in any of its spellings.
    pub(super) fn of(host: &str) -> Self {
        let host = host.trim_end_matches('.');
        if host.is_empty()
            || host.contains(|c: char| c == '*' || c.is_whitespace() || c.is_control())
        {
            return Self::default();
        }
        let known = Self { known: true, ..Self::default() };
        match address(host) {
            Some(IpAddr::V4(ip)) => Self::of_v4(ip),
            Some(IpAddr::V6(ip)) => Self::of_v6(ip),
            None => Self {
                loopback: below(host, &["localhost"]),
                private: !host.contains('.') || below(host, PRIVATE),
                metadata: below(host, METADATA),
                registry: REGISTRIES.contains(&host),
                drop_box: below(host, DROP_BOXES),
                ..known
            },
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        let loopback = ip.is_loopback() || ip.is_unspecified();
        Self {
            known: true,
            loopback,
            private: !loopback && (ip.is_private() || ip.is_link_local() || shared(ip)),
            metadata: METADATA_ADDRESSES.contains(&ip),
            ..Self::default()
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if let Some(v4) = ip.to_ipv4_mapped() {
            return Self::of_v4(v4);
        }
        let loopback = ip.is_loopback() || ip.is_unspecified();
        let private = ip.is_unique_local() || ip.is_unicast_link_local();
        // The same service as 169.254.169.254, where a cloud speaks IPv6.
        let metadata = ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
        Self { known: true, loopback, private, metadata, ..Self::default() }
    }
}

/// An address, also as `[::1]`, and as the numbers that `inet_aton` reads: `127.1`, `2130706433`, `0x7f.1`.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let bare = bare.split('%').next().unwrap_or(bare);
    if let Ok(ip) = bare.parse() {
        return Some(ip);
    }
    let parts: Vec<u64> = bare.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let room = 4_u32.checked_sub(u32::try_from(first.len()).ok()?).filter(|room| *room > 0)?;
    if first.iter().any(|part| *part > 255) || *last >= 1 << (8 * room) {
        return None;
    }
    let high = first.iter().fold(0, |sum, part| sum << 8 | part) << (8 * room);
    Some(IpAddr::V4(Ipv4Addr::from(u32::try_from(high | last).ok()?)))
}

fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let plain = digits.len() <= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// Between carriers and their customers (RFC 6598).
fn shared(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 100 && (64..128).contains(&b)
}

/// Whether `host` is one of `domains` or below one.
fn below(host: &str, domains: &[&str]) -> bool {
    domains.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

const METADATA_ADDRESSES: [Ipv4Addr; 3] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
];

const METADATA: &[&str] = &["metadata.google.internal", "metadata.goog", "instance-data"];

const PRIVATE: &[&str] = &["local", "internal", "lan", "home.arpa", "corp", "intranet"];

const REGISTRIES: &[&str] = &[
    "crates.io",
    "static.crates.io",
    "index.crates.io",
    "static.rust-lang.org",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "pypi.org",
    "files.pythonhosted.org",
    "proxy.golang.org",
    "sum.golang.org",
    "rubygems.org",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "plugins.gradle.org",
    "services.gradle.org",
    "repo.packagist.org",
    "packagist.org",
    "api.nuget.org",
    "repo.hex.pm",
    "hex.pm",
    "conda.anaconda.org",
    "deb.debian.org",
    "security.debian.org",
    "archive.ubuntu.com",
    "security.ubuntu.com",
    "dl-cdn.alpinelinux.org",
    "nodejs.org",
];

const DROP_BOXES: &[&str] = &[
    "webhook.site",
    "requestbin.com",
    "requestbin.net",
    "pipedream.net",
    "requestcatcher.com",
    "beeceptor.com",
    "hookbin.com",
    "oast.fun",
    "oast.live",
    "oast.me",
    "oast.online",
    "oast.pro",
    "oast.site",
    "oastify.com",
    "interact.sh",
    "burpcollaborator.net",
    "dnslog.cn",
    "pastebin.com",
    "paste.ee",
    "hastebin.com",
    "termbin.com",
    "ix.io",
    "0x0.st",
    "transfer.sh",
    "file.io",
    "temp.sh",
    "catbox.moe",
    "ngrok.io",
    "ngrok.app",
    "ngrok-free.app",
    "trycloudflare.com",
    "loca.lt",
    "serveo.net",
    "localhost.run",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_is_what_its_name_says_in_every_spelling() {
        let rows: &[(&str, &str)] = &[
            ("localhost", "loopback"),
            ("app.localhost", "loopback"),
            ("127.0.0.1", "loopback"),
            ("127.1", "loopback"),
            ("2130706433", "loopback"),
            ("0x7f.0.0.1", "loopback"),
            ("0177.0.0.1", "loopback"),
            ("0", "loopback"),
            ("[::1]", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("10.1.2.3", "private"),
            ("192.168.0.7", "private"),
            ("fe80::1%eth0", "private"),
            ("printer.local", "private"),
            ("intranet", "private"),
            ("169.254.169.254", "private metadata"),
            ("2852039166", "private metadata"),
            ("[::ffff:169.254.169.254]", "private metadata"),
            ("fd00:ec2::254", "private metadata"),
            ("metadata.google.internal", "private metadata"),
            ("crates.io", "registry"),
            ("evil-crates.io", ""),
            ("crates.io.evil.example", ""),
            ("x.webhook.site", "drop_box"),
            ("notwebhook.site", ""),
            ("localhost.evil.example", ""),
            ("example.org.", ""),
        ];
        for (host, expected) in rows {
            let facts = HostFacts::of(host);
            let named = [
                (facts.loopback, "loopback"),
                (facts.private && !facts.loopback, "private"),
                (facts.metadata, "metadata"),
                (facts.registry, "registry"),
                (facts.drop_box, "drop_box"),
            ];
            let are: Vec<_> = named.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            assert_eq!(are.join(" "), *expected, "{host}");
            assert!(facts.known, "{host}");
        }
        for host in ["", "*", "*.example.org", "a b", "a\0b"] {
            assert!(!HostFacts::of(host).known, "{host:?}");
        }
    }

    proptest! {
        #[test]
        fn no_host_panics(host in ".*", numbers in "[0-9a-fx.]{0,30}") {
            HostFacts::of(&host);
            HostFacts::of(&numbers);
        }
    }
}
