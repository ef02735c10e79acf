//! The listening side: a port that can be shut, and connections that a handler can cut without a reply.
//!
//! HTTP itself is axum's. This is the part no HTTP library offers: dropping a connection after the work was done.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// How long accepting rests after an error such as "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A port that accepts and closes at once while it is shut.
pub(crate) struct Gate {
    inner: TcpListener,
    shut: Arc<AtomicBool>,
}

impl Gate {
    /// Takes a bound listener; `shut` may be flipped at any time.
    pub(crate) fn new(inner: TcpListener, shut: Arc<AtomicBool>) -> Self {
        Self { inner, shut }
    }
}

impl Listener for Gate {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            match self.inner.accept().await {
                Ok((stream, _)) if self.shut.load(Ordering::SeqCst) => drop(stream),
                Ok((stream, from)) => {
                    // Replies are written whole: waiting for more bytes only adds delay. A refusal is harmless.
                    let _ = stream.set_nodelay(true);
                    let cord = Cord {
                        cut: Arc::new(AtomicBool::new(false)),
                        shut: Arc::clone(&self.shut),
                    };
                    return (Wire { stream, cord }, from);
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// The handler's end of a connection.
#[derive(Clone)]
pub(crate) struct Cord {
    cut: Arc<AtomicBool>,
    shut: Arc<AtomicBool>,
}

impl Cord {
    /// Nothing more is written: the connection closes when the reply would go out.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Whether the port is shut, which a kept-alive connection has to ask for itself.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }
}

impl Connected<IncomingStream<'_, Gate>> for Cord {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        stream.io().cord.clone()
    }
}

/// A TCP stream whose writing end can be cut.
pub(crate) struct Wire {
    stream: TcpStream,
    cord: Cord,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if self.cord.cut.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
