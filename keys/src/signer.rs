//! Signers, typed by what they may sign.
//!
//! A [`Signer`] belongs to a place: the [`Workstation`] signs plans and trust policies, the
//! [`AgentHost`] signs snapshots and receipts. That an agent cannot sign a plan is a matter of types:
//!
//! ```compile_fail
//! use pgseal_keys::{AgentHost, Plan, Signer, Statement};
//! fn forge(agent: &Signer<AgentHost>) {
//!     let _ = agent.sign::<Plan>(Statement::Signed, b"{}");
//! }
//! ```
//!
//! ```
//! use pgseal_keys::{AgentHost, Receipt, Signer, Statement};
//! fn confirm(agent: &Signer<AgentHost>) {
//!     let _ = agent.sign::<Receipt>(Statement::Signed, b"{}");
//! }
//! ```

use std::fmt;
use std::marker::PhantomData;

use ed25519_dalek::{Signer as _, SigningKey};

use crate::key::{PublicKey, Signature};
use crate::kind::{Kind, Plan, Receipt, Snapshot, Statement, TrustPolicyDocument};
use crate::pae;

mod closed {
    pub trait Closed {}
}

/// A place where signatures are made.
pub trait Place: closed::Closed {}

/// Says that signers of this place may sign documents of kind `K`.
pub trait MaySign<K: Kind>: Place {}

/// The planning workstation.
#[derive(Debug)]
pub enum Workstation {}

/// The host of an agent.
#[derive(Debug)]
pub enum AgentHost {}

impl closed::Closed for Workstation {}
impl Place for Workstation {}
impl MaySign<Plan> for Workstation {}
impl MaySign<TrustPolicyDocument> for Workstation {}

impl closed::Closed for AgentHost {}
impl Place for AgentHost {}
impl MaySign<Snapshot> for AgentHost {}
impl MaySign<Receipt> for AgentHost {}

/// A private key in memory; wiped when dropped, and never printed.
pub struct Signer<P: Place> {
    key: Box<SigningKey>,
    place: PhantomData<P>,
}

impl<P: Place> Signer<P> {
    pub(crate) fn new(key: Box<SigningKey>) -> Self {
        Self { key, place: PhantomData }
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_verifying_key(self.key.verifying_key())
    }

    /// Signs a document; `None` when documents of kind `K` cannot carry the statement.
    #[must_use]
    pub fn sign<K: Kind>(&self, statement: Statement, document: &[u8]) -> Option<Signature>
    where
        P: MaySign<K>,
    {
        let message = pae::to_be_signed::<K>(statement, document)?;
        Some(Signature::from_bytes(self.key.sign(&message).to_bytes()))
    }
}

impl<P: Place> fmt::Debug for Signer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public_key().id().short())
    }
}
