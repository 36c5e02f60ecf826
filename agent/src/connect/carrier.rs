//! What carries a connection, between the driver and the socket or TLS: where nobody knows who listens, it refuses to let a password
//! out as it is.
//!
//! The driver answers whatever way to authenticate the server asks for. Only what the server says before it lets the client in is
//! looked at, and nothing is changed.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
type TlsConnector = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// How the refusal begins.
pub(super) const REFUSED: &str = "the server asks for the password as it is";

/// Whether a password may be sent as it is, if the server asks for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClearText {
    Allowed,
    Refused,
}

/// Makes what carries a connection.
#[derive(Clone)]
pub(super) struct Carrier {
    /// None for a connection without TLS.
    pub tls: Option<MakeRustlsConnect>,
    pub clear_text: ClearText,
}

impl MakeTlsConnect<Socket> for Carrier {
    type Stream = Carried;
    type TlsConnect = Connector;
    type Error = Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connector, Infallible> {
        let tls = match &mut self.tls {
            Some(tls) => Some(<MakeRustlsConnect as MakeTlsConnect<Socket>>::make_tls_connect(tls, host)?),
            None => None,
        };
        Ok(Connector { tls, clear_text: self.clear_text })
    }
}

/// Makes one of them.
pub(super) struct Connector {
    tls: Option<TlsConnector>,
    clear_text: ClearText,
}

impl TlsConnect<Socket> for Connector {
    type Stream = Carried;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Carried>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let line = match self.tls {
                Some(tls) => Line::Tls(Box::new(tls.connect(socket).await?)),
                None => Line::Plain(socket),
            };
            let watch = (self.clear_text == ClearText::Refused).then(Watch::default);
            Ok(Carried { line, watch })
        })
    }
}

enum Line {
    Plain(Socket),
    Tls(Box<Tls>),
}

/// A connection.
pub(super) struct Carried {
    line: Line,
    /// What is looked for, until the server has let the client in.
    watch: Option<Watch>,
}

impl TlsStream for Carried {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.line {
            Line::Plain(_) => ChannelBinding::none(),
            Line::Tls(tls) => tls.channel_binding(),
        }
    }
}

impl AsyncRead for Carried {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(match &mut this.line {
            Line::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Line::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buffer),
        })?;
        let Some(watch) = &mut this.watch else { return Poll::Ready(Ok(())) };
        match watch.hear(buffer.filled().get(before..).unwrap_or_default()) {
            Heard::Nothing => {}
            Heard::LetIn => this.watch = None,
            Heard::ClearText => {
                let detail = format!("{REFUSED}, and nothing says who it is");
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::PermissionDenied, detail)));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Carried {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().line {
            Line::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Line::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().line {
            Line::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Line::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().line {
            Line::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Line::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    LetIn,
    ClearText,
}

/// Follows the server's messages up to `AuthenticationOk`: a letter, a length that counts itself, and for the letter R what is asked.
#[derive(Debug, Default)]
struct Watch {
    head: Vec<u8>,
    skip: usize,
}

impl Watch {
    fn hear(&mut self, bytes: &[u8]) -> Heard {
        for byte in bytes {
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.head.push(*byte);
            match self.head.as_slice() {
                [b'R', _, _, _, _, 0, 0, 0, 3] => return Heard::ClearText,
                [b'R', _, _, _, _, 0, 0, 0, 0] => return Heard::LetIn,
                [letter, a, b, c, d, rest @ ..] if *letter != b'R' || rest.len() == 4 => {
                    let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
                    self.skip = length.saturating_sub(4 + rest.len());
                    self.head.clear();
                }
                _ => {}
            }
        }
        Heard::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard when the bytes come in two pieces, however they are cut.
    fn heard(bytes: &[u8]) -> Heard {
        let mut found = Vec::new();
        for at in 0..=bytes.len() {
            let mut watch = Watch::default();
            let (first, second) = bytes.split_at(at);
            let first = watch.hear(first);
            found.push(if first == Heard::Nothing { watch.hear(second) } else { first });
        }
        found.dedup();
        assert_eq!(found.len(), 1, "{found:?}");
        found.pop().unwrap_or(Heard::Nothing)
    }

    #[test]
    fn only_the_question_for_the_password_itself_is_heard() {
        let notice = b"N\0\0\0\x0dR\0\0\0\0\0\0\0\x03";
        assert_eq!(heard(b"R\0\0\0\x08\0\0\0\x03"), Heard::ClearText);
        assert_eq!(heard(&[&notice[..], b"R\0\0\0\x08\0\0\0\x03"].concat()), Heard::ClearText);
        assert_eq!(heard(&[&notice[..], b"R\0\0\0\x08\0\0\0\0"].concat()), Heard::LetIn);
        // MD5 with its salt, then what its bytes would say at another place
        assert_eq!(heard(b"R\0\0\0\x0c\0\0\0\x05R\0\0\0"), Heard::Nothing);
        assert_eq!(heard(b"R\0\0\0\x0c\0\0\0\x05saltR\0\0\0\x08\0\0\0\x03"), Heard::ClearText);
        assert_eq!(heard(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"), Heard::Nothing);
        assert_eq!(heard(b"R\0\0\0\x08\0\0\0\0R\0\0\0\x08\0\0\0\x03"), Heard::LetIn);
    }
}
