//! What a request shows of itself: a bearer token, a password as git sends one, a browser's cookie.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use weir_model::Digest;

/// A secret that was shown. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl Shown {
    #[cfg(test)]
    pub(crate) fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn secret(&self) -> &str {
        &self.0
    }

    /// What a form must carry to be this caller's own: a page that cannot read the cookie cannot make it.
    pub(crate) fn form_token(&self) -> String {
        Digest::of(format!("weir form\n{}", self.0).as_bytes()).to_string()
    }

    /// Whether a form carries it. Takes equally long wherever they differ.
    pub(crate) fn is_form_token(&self, token: &str) -> bool {
        let (right, shown) =
            (Digest::of(self.form_token().as_bytes()), Digest::of(token.as_bytes()));
        let pairs = right.as_bytes().iter().zip(shown.as_bytes());
        pairs.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

/// What a request shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// In `Authorization`: a bearer token, or the password of Basic.
    pub(crate) header: Option<Shown>,
    /// In the cookie of this server.
    pub(crate) cookie: Option<Shown>,
}

impl Credentials {
    /// What `headers` show, where this server's cookie is called `cookie`.
    pub(crate) fn of(headers: &HeaderMap, cookie: &str) -> Self {
        let authorization =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let cookies =
            headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut named = cookies.flat_map(|all| all.split(';')).filter_map(|one| {
            let (name, value) = one.trim().split_once('=')?;
            (name == cookie && !value.is_empty()).then(|| Shown(value.to_owned()))
        });
        Self { header: authorization.and_then(token), cookie: named.next() }
    }
}

fn token(authorization: &str) -> Option<Shown> {
    let (scheme, rest) = authorization.split_once(' ')?;
    let rest = rest.trim();
    let secret = if scheme.eq_ignore_ascii_case("bearer") {
        rest.to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
        // Tokens are found on either side: `https://weir_s_…@host/` puts it where the name stands.
        match pair.split_once(':')? {
            (name, "") => name.to_owned(),
            (_, password) => password.to_owned(),
        }
    } else {
        return None;
    };
    (!secret.is_empty()).then_some(Shown(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn a_token_is_found_where_clients_put_it() {
        let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
        let rows = [
            ("Bearer weir_p_x".to_owned(), Some("weir_p_x")),
            ("bearer  weir_p_x ".to_owned(), Some("weir_p_x")),
            (basic("agent:weir_s_x"), Some("weir_s_x")),
            (basic("weir_s_x:"), Some("weir_s_x")),
            (basic(":"), None),
            (basic("nothing"), None),
            ("Basic !!!".to_owned(), None),
            ("Bearer ".to_owned(), None),
            ("Digest x".to_owned(), None),
            ("weir_p_x".to_owned(), None),
        ];
        for (value, expected) in rows {
            let found = Credentials::of(&headers(header::AUTHORIZATION, &value), "weir").header;
            assert_eq!(found.as_ref().map(Shown::secret), expected, "{value}");
        }
    }

    #[test]
    fn only_the_cookie_of_this_server_counts() {
        let headers = headers(header::COOKIE, "weir_1=no; other=weir_2; weir_2=yes; weir_2=late");
        let found = Credentials::of(&headers, "weir_2").cookie;
        assert_eq!(found.as_ref().map(Shown::secret), Some("yes"));
    }

    #[test]
    fn a_form_token_belongs_to_one_secret_and_shows_none_of_it() {
        let (one, other) = (Shown::new("weir_b_one"), Shown::new("weir_b_other"));
        assert!(one.is_form_token(&one.form_token()));
        assert!(!one.is_form_token(&other.form_token()));
        assert!(!one.is_form_token(""));
        assert!(!one.form_token().contains("weir_b_one"));
        assert_eq!(format!("{one:?}"), "Shown(…)");
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(value in "[ -~]*") {
            let _ = Credentials::of(&headers(header::AUTHORIZATION, &value), "weir");
            let _ = Credentials::of(&headers(header::COOKIE, &value), "weir");
        }

        #[test]
        fn every_bearer_token_is_read_back(secret in "[!-~]+") {
            let headers = headers(header::AUTHORIZATION, &format!("Bearer {secret}"));
            let found = Credentials::of(&headers, "weir").header;
            prop_assert_eq!(found.as_ref().map(Shown::secret), Some(secret.as_str()));
        }
    }
}
