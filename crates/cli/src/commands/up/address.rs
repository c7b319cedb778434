//! Where to listen: where one was told to, or where it was the last time, so that a remote once added goes on
//! working.

use crate::error::CommandError;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use weir_model::Refusal;

/// "WEIR" on the keys of a telephone is 9347; 7747 was free of registered uses when it was chosen.
const FIRST_PORT: u16 = 7747;
/// So many repositories on one machine find a port before the system is asked for any.
const PORTS: u16 = 50;

/// What was asked for, and where the answer of last time is kept.
pub(super) struct Listen {
    asked: Option<SocketAddr>,
    memory: PathBuf,
}

impl Listen {
    pub(super) fn new(asked: Option<SocketAddr>, home: &Path) -> Self {
        Self { asked, memory: home.join("port") }
    }

    /// A listener.
    ///
    /// # Errors
    /// `listen.in_use` when the address asked for is taken; failures of the network.
    pub(super) async fn bind(&self) -> Result<TcpListener, CommandError> {
        if let Some(address) = self.asked {
            return TcpListener::bind(address).await.map_err(|error| taken(address, error));
        }
        let remembered = self.remembered();
        for port in remembered.into_iter().chain(FIRST_PORT..FIRST_PORT + PORTS).chain([0]) {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => return Ok(listener),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                Err(error) => return Err(CommandError::failed("listen on 127.0.0.1", error)),
            }
        }
        Err(Refusal::new("listen.in_use", "no port of 127.0.0.1 is free").into())
    }

    /// Keeps the port for the next start. What cannot be kept is found again.
    pub(super) fn remember(&self, address: SocketAddr) {
        if self.asked.is_none() {
            let _ = std::fs::write(&self.memory, format!("{}\n", address.port()));
        }
    }

    fn remembered(&self) -> Option<u16> {
        let text = std::fs::read_to_string(&self.memory).ok()?;
        text.trim().parse().ok().filter(|port| *port != 0)
    }
}

fn taken(address: SocketAddr, error: std::io::Error) -> CommandError {
    match error.kind() {
        ErrorKind::AddrInUse => {
            Refusal::new("listen.in_use", format!("another program listens on {address}"))
                .hint("choose another port, or leave `--listen` out")
                .into()
        }
        ErrorKind::PermissionDenied | ErrorKind::AddrNotAvailable => {
            let sentence = format!("{address} is not ours to listen on: {error}");
            Refusal::new("listen.not_ours", sentence).hint("leave `--listen` out").into()
        }
        _ => CommandError::failed(format!("listen on {address}"), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_port_of_last_time_is_taken_again() {
        let home = tempfile::tempdir().expect("a folder");
        let listen = Listen::new(None, home.path());
        let first = listen.bind().await.expect("a port is free");
        let address = first.local_addr().expect("bound");
        assert!(address.ip().is_loopback());
        listen.remember(address);
        let other = listen.bind().await.expect("another port is free");
        assert_ne!(other.local_addr().expect("bound"), address);
        drop(first);
        let again = listen.bind().await.expect("it is free again");
        assert_eq!(again.local_addr().expect("bound"), address);
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let first = Listen::new(None, home.path()).bind().await.expect("a port is free");
        let address = first.local_addr().expect("bound");
        let error = Listen::new(Some(address), home.path()).bind().await.expect_err("taken");
        assert_eq!(error.shown().expect("shown").code, "listen.in_use");
    }
}
