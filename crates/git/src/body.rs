//! Bodies of requests: plain or gzip, and never larger than agreed.

use flate2::write::GzDecoder;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use weir_model::Refusal;

/// The body of a request as it was before the client compressed it. A read fails with
/// [`io::ErrorKind::FileTooLarge`] once it gives more than was agreed, however small it was sent.
pub struct Body<R> {
    inner: R,
    inflate: Option<Inflate>,
    left: u64,
}

struct Inflate {
    decoder: GzDecoder<Vec<u8>>,
    /// How far the decoder's output has been handed on.
    handed: usize,
    ended: bool,
}

/// How much compressed input is taken in at a time: at the worst ratio of deflate (1032) it becomes
/// 4 MiB in memory.
const PIECE: usize = 4096;

impl<R: AsyncRead + Unpin> Body<R> {
    /// The body `inner`, sent with `encoding` (the value of `Content-Encoding`), of at most
    /// `max_bytes` once inflated.
    ///
    /// # Errors
    /// `http.encoding` for one that git clients do not use.
    pub fn new(inner: R, encoding: Option<&str>, max_bytes: u64) -> Result<Self, Refusal> {
        let inflate = match encoding.map(str::trim) {
            None | Some("" | "identity") => None,
            Some("gzip" | "x-gzip") => {
                Some(Inflate { decoder: GzDecoder::new(Vec::new()), handed: 0, ended: false })
            }
            Some(other) => {
                let sentence =
                    format!("a request encoded as `{}` cannot be read", other.escape_default());
                return Err(
                    Refusal::new("http.encoding", sentence).hint("send it plain or as `gzip`")
                );
            }
        };
        Ok(Self { inner, inflate, left: max_bytes })
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Body<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let body = self.get_mut();
        let before = out.filled().len();
        ready!(match &mut body.inflate {
            None => Pin::new(&mut body.inner).poll_read(cx, out),
            Some(inflate) => inflate.poll_read(&mut body.inner, cx, out),
        })?;
        let given = (out.filled().len() - before) as u64;
        let Some(left) = body.left.checked_sub(given) else {
            // A read that fails has given nothing.
            out.set_filled(before);
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        };
        body.left = left;
        Poll::Ready(Ok(()))
    }
}

impl Inflate {
    fn poll_read<R: AsyncRead + Unpin>(
        &mut self,
        inner: &mut R,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let ready = &self.decoder.get_ref()[self.handed..];
            if !ready.is_empty() {
                let n = ready.len().min(out.remaining());
                out.put_slice(&ready[..n]);
                self.handed += n;
                return Poll::Ready(Ok(()));
            }
            self.decoder.get_mut().clear();
            self.handed = 0;
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut *inner).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                self.ended = true;
                // Fails on a stream that was cut off.
                self.decoder.try_finish()?;
            } else {
                self.decoder.write_all(piece.filled())?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn read(bytes: &[u8], encoding: Option<&str>, max: u64) -> io::Result<Vec<u8>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let mut body = Body::new(bytes, encoding, max).map_err(io::Error::other)?;
            let mut out = Vec::new();
            body.read_to_end(&mut out).await.map(|_| out)
        })
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = gzip(&vec![0; 8 << 20]);
        assert!(bomb.len() < 1 << 20);
        let error = read(&bomb, Some("gzip"), 1 << 20).expect_err("too large");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn other_encodings_are_refused() {
        assert_eq!(
            Body::new(&b""[..], Some("br"), 1).err().expect("refused").code,
            "http.encoding"
        );
        read(&gzip(b"hello")[..9], Some("gzip"), 100).expect_err("cut off");
    }

    proptest! {
        #[test]
        fn what_was_sent_is_what_is_read(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(&read(&bytes, None, 2000)?, &bytes);
            prop_assert_eq!(&read(&gzip(&bytes), Some("gzip"), 2000)?, &bytes);
        }

        #[test]
        fn garbage_is_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, Some("gzip"), 1000);
        }
    }
}
