//! The right to drive a queue: a lease, renewed in time, also while something long runs.

use super::Drive;
use crate::core::chain;
use crate::{Engine, Error, Failure};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_ledger::{HeldLease, LeaseError, LeaseProof};
use weir_model::{Lease, Timestamp};

/// How long a driver that died is waited for.
const LEASE: Lease = Lease::minutes(1);
/// A third of the lease: two renewals may fail before it is lost.
pub(super) const RENEW_EVERY: Duration = Duration::from_secs(20);
/// The lease, renewed by a thread of its own while checks run.
pub(super) struct Held {
    lease: HeldLease,
    renewed_at: Timestamp,
}

impl Held {
    fn renew_in_time(&mut self, engine: &Engine) -> Result<(), Error> {
        let now = engine.now();
        if now.since(self.renewed_at) >= RENEW_EVERY {
            engine.ledger().renew(&mut self.lease, now, LEASE).map_err(lease_failed)?;
            self.renewed_at = now;
        }
        Ok(())
    }
}

fn lease_failed(error: LeaseError) -> Error {
    Failure::Lease(Arc::new(error)).into()
}

impl Drive {
    /// Takes the lease, or renews it when a third of it has passed.
    pub(super) fn hold_lease(&mut self) -> Result<(), Error> {
        if let Some(held) = &mut self.lease {
            return held.renew_in_time(&self.engine);
        }
        let (name, now) = (format!("queue/{}", self.engine.0.trunk.name()), self.engine.now());
        let lease =
            self.core().ledger.lease(&name, &self.holder, now, LEASE).map_err(lease_failed)?;
        self.lease = Some(Held { lease, renewed_at: now });
        Ok(())
    }

    /// Runs something long that records nothing, and renews the lease meanwhile. A lease that could not be kept shows at
    /// the next record, which is refused.
    pub(super) fn run_renewing<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let Some(mut held) = self.lease.take() else { return run(self) };
        let (done, engine) = (AtomicBool::new(false), self.engine.clone());
        let (ran, held) = std::thread::scope(|scope| {
            let renewing = scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    std::thread::park_timeout(RENEW_EVERY / 4);
                    if let Err(error) = held.renew_in_time(&engine) {
                        tracing::warn!(error = %chain(&error), "could not renew the queue's lease");
                    }
                }
                held
            });
            let ran = run(self);
            done.store(true, Ordering::SeqCst);
            renewing.thread().unpark();
            (ran, renewing.join().ok())
        });
        self.lease = held;
        ran
    }

    /// What the ledger checks, in the same transaction as what is recorded.
    pub(super) fn lease_proof(&self) -> Result<LeaseProof, Error> {
        let none = || Error::Failed(Failure::Other("the queue's lease is not held".into()));
        Ok(self.lease.as_ref().ok_or_else(none)?.lease.proof())
    }

    /// Gives the lease back. It ends by itself if that fails.
    pub(super) fn give_lease_back(&mut self) {
        if let Some(held) = self.lease.take() {
            drop(self.engine.ledger().release(held.lease));
        }
    }
}
