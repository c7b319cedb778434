//! One request to a server on this machine, without what a client of the whole internet brings along.
//!
//! HTTP/1.0 with its length told: there is nothing to keep alive, and no answer comes in pieces. An answer that ends
//! early is none.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// An answer has room for what every policy of an organization says.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The server's own are few and short.
const HEADERS_MAX: usize = 32;

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    /// Nobody takes the request, or says anything in time.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What came back is no answer of HTTP, or not the whole of one.
    #[error("what came back is no answer of HTTP: {0}")]
    Malformed(&'static str),
}

/// The address behind a URL, if it names one of this machine itself by its number and without a path.
///
/// What has to be looked up, a user before an `@`, or another scheme is not for this program.
pub fn loopback(url: &str) -> Option<SocketAddr> {
    let address: SocketAddr = url.strip_prefix("http://")?.trim_end_matches('/').parse().ok()?;
    address.ip().is_loopback().then_some(address)
}

/// Posts JSON, and tells whether that went well, and the body of the answer.
///
/// # Errors
/// [`Unsent`]
pub fn post(
    at: SocketAddr,
    (path, token): (&str, &str),
    body: &[u8],
    within: Duration,
) -> Result<(bool, Vec<u8>), Unsent> {
    let until = Instant::now() + within;
    let left = || match until.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(std::io::Error::from(ErrorKind::TimedOut)),
        left => Ok(left),
    };
    if token.contains(['\r', '\n']) {
        return Err(std::io::Error::other("the token that is kept is none").into());
    }
    let mut stream = TcpStream::connect_timeout(&at, left()?)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(left()?))?;
    let mut request = format!(
        "POST {path} HTTP/1.0\r\nHost: {at}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    stream.write_all(&request)?;
    let mut answer = Vec::with_capacity(4096);
    let mut part = [0; 16 << 10];
    loop {
        stream.set_read_timeout(Some(left()?))?;
        let read = match stream.read(&mut part) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        answer.extend_from_slice(part.get(..read).unwrap_or_default());
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(Unsent::Malformed("it is too long"));
        }
        if let Some((success, body)) = whole(&answer, read == 0)? {
            return Ok((success, body.to_vec()));
        }
    }
}

/// The answer in what has come so far, once it is there in full.
fn whole(said: &[u8], ended: bool) -> Result<Option<(bool, &[u8])>, Unsent> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(said).map_err(|_| Unsent::Malformed("its head cannot be read"))?;
    let cut = || match ended {
        true => Err(Unsent::Malformed("it breaks off")),
        false => Ok(None),
    };
    let httparse::Status::Complete(start) = parsed else { return cut() };
    let named = |name: &str| head.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name));
    let length = named("content-length")
        .and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse::<usize>().ok());
    let Some(length) = length else {
        return Err(Unsent::Malformed("it does not say how long it is"));
    };
    let end = start.checked_add(length).ok_or(Unsent::Malformed("it is too long"))?;
    match said.get(start..end) {
        Some(body) => {
            let status = head.code.unwrap_or_default();
            Ok(Some(((200..300).contains(&status), body)))
        }
        None => cut(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::TcpListener;

    #[test]
    fn only_a_number_of_this_machine_is_spoken_to() {
        for (url, expected) in [
            ("http://127.0.0.1:7747", true),
            ("http://127.0.0.1:7747/", true),
            ("http://127.3.0.1:80", true),
            ("http://[::1]:7747", true),
            ("https://127.0.0.1:7747", false),
            ("http://localhost:7747", false),
            ("http://127.0.0.1", false),
            ("http://127.0.0.1:7747/weir", false),
            ("http://127.0.0.1:7747@weir.example", false),
            ("http://127.0.0.1:7747@weir.example:80", false),
            ("http://192.168.0.1:7747", false),
            ("http://0.0.0.0:7747", false),
            ("", false),
        ] {
            assert_eq!(loopback(url).is_some(), expected, "{url}");
        }
    }

    /// What `post` makes of a server that says this and hangs up.
    fn answered(says: &[u8]) -> Result<(bool, Vec<u8>), Unsent> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        std::thread::scope(|threads| {
            threads.spawn(move || {
                let (mut stream, _) = listener.accept().expect("called");
                let mut heard = Vec::new();
                while !heard.ends_with(b"\r\n\r\n{\"a\":1}") {
                    let mut part = [0; 1024];
                    let read = stream.read(&mut part).expect("read");
                    heard.extend_from_slice(&part[..read]);
                }
                let heard = String::from_utf8(heard).expect("text");
                assert!(heard.starts_with("POST /v1/x?y=1 HTTP/1.0\r\n"), "{heard}");
                assert!(heard.contains("\r\nAuthorization: Bearer t\r\n"), "{heard}");
                assert!(heard.contains("\r\nContent-Length: 7\r\n"), "{heard}");
                // It may have hung up by then.
                let _ = stream.write_all(says);
            });
            post(at, ("/v1/x?y=1", "t"), b"{\"a\":1}", Duration::from_secs(10))
        })
    }

    #[test]
    fn what_is_not_a_whole_answer_is_none() {
        type Row<'a> = (&'a [u8], Result<(bool, &'a str), &'a str>);
        let rows: &[Row<'_>] = &[
            (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}", Ok((true, "{}"))),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}and more", Ok((true, "{}"))),
            (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}", Ok((false, "{}"))),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", Err("breaks off")),
            (b"HTTP/1.1 200 OK\r\nContent-Le", Err("breaks off")),
            (b"", Err("breaks off")),
            (b"HTTP/1.1 200 OK\r\n\r\n{}", Err("how long it is")),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", Err("how long it is")),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n{}", Err("too long")),
            (b"SSH-2.0-OpenSSH_9.6\r\n", Err("cannot be read")),
        ];
        for (says, expected) in rows {
            let shown = String::from_utf8_lossy(says);
            match (answered(says), expected) {
                (Ok((success, body)), Ok((fine, text))) => {
                    assert_eq!((success, body.as_slice()), (*fine, text.as_bytes()), "{shown}");
                }
                (Err(error), Err(why)) => {
                    assert!(error.to_string().contains(why), "{shown}: {error}");
                }
                (found, _) => panic!("{shown}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let failed = post(at, ("/", "t"), b"{}", Duration::from_millis(50)).expect_err("silence");
        assert!(matches!(failed, Unsent::Io(_)), "{failed}");
    }

    #[test]
    fn a_token_with_a_line_break_writes_no_header() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        post(at, ("/", "t\r\nX: y"), b"{}", DEAD).expect_err("refused");
        listener.set_nonblocking(true).expect("set");
        assert!(listener.accept().is_err(), "nobody called");
    }

    const DEAD: Duration = Duration::from_secs(5);

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(said in proptest::collection::vec(any::<u8>(), 0..300), ended: bool) {
            let _ = whole(&said, ended);
        }

        #[test]
        fn no_head_makes_it_panic(tail in "[ -~\r\n]{0,200}", ended: bool) {
            let said = format!("HTTP/1.1 200 OK\r\n{tail}");
            let _ = whole(said.as_bytes(), ended);
        }
    }
}
