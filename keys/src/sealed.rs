//! A sealed document in files: read with limits, verified over the exact bytes, then parsed, then judged by the trust policy.
//!
//! The one way from a path to a plan that may be acted on, for both programs. The clock is the caller's.

use std::path::{Path, PathBuf};

use pgseal_catalog::{Digest, Exit, Failure, plan, restraint};

use crate::files::{self, Access, FileError, Guard};
use crate::in_force::{InForce, successor};
use crate::kind::{Kind, Plan, Statement, TrustPolicyDocument};
use crate::policy::{MAX_POLICY_BYTES, TrustPolicy};
use crate::refusal::Refusal;
use crate::seal::{MAX_SEAL_BYTES, Seal};
use crate::signer::{MaySign, Place, Signer};
use crate::verifier::{Authorized, CountedSigner, PlanFacts, Unverified};

/// Where the seal of a document lies: `<document>.sig`.
#[must_use]
pub fn seal_path(document: &Path) -> PathBuf {
    let mut path = document.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}

/// The bytes of a document and of its seal, of which nothing is known yet.
#[derive(Debug)]
pub struct Received<K> {
    document: Vec<u8>,
    seal: Option<Vec<u8>>,
    path: PathBuf,
    kind: std::marker::PhantomData<K>,
}

impl<K: Kind> Received<K> {
    /// Reads a document and its seal: the named one, or the one beside the document, where there is one.
    ///
    /// # Errors
    /// A file that cannot be read or is over its limit.
    pub fn read(document: &Path, seal: Option<&Path>) -> Result<Self, Failure> {
        let bytes = files::read(document, Guard::Untrusted, K::MAX_BYTES)?.to_vec();
        let beside = seal_path(document);
        let path = match seal {
            Some(named) => Some(named),
            None if matches!(beside.try_exists(), Ok(false)) => None,
            None => Some(beside.as_path()),
        };
        let seal = match path {
            Some(path) => Some(files::read(path, Guard::Untrusted, MAX_SEAL_BYTES)?.to_vec()),
            None => None,
        };
        Ok(Self { document: bytes, seal, path: document.to_owned(), kind: std::marker::PhantomData })
    }

    /// The digest of the document's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.document)
    }

    /// As the verifier takes it.
    pub fn unverified(self) -> Unverified<K> {
        Unverified::new(self.document, self.seal)
    }
}

impl Received<TrustPolicyDocument> {
    /// Takes a policy that may follow the one in these bytes; both are returned, the old one first.
    ///
    /// # Errors
    /// See [`successor`]; [`Refusal::PolicyTheSame`] where there is nothing to follow.
    pub fn succeed(self, old: &[u8], now: u64) -> Result<(TrustPolicy, TrustPolicy), Failure> {
        let before = TrustPolicy::read(old)?;
        if self.document == old {
            return Err(Refusal::PolicyTheSame { version: before.policy_version() }.into());
        }
        let new = successor(&before, &self.document, self.seal, now)?;
        Ok((before, new))
    }
}

impl Received<Plan> {
    /// Verifies the seal, parses the plan and asks the policy. `now` is seconds since 1970. The keys that counted go to `signers`,
    /// in the order of their ids, also where the policy refuses what the plan holds.
    ///
    /// # Errors
    /// What the seal, the plan or the policy refuses.
    pub fn authorize(
        self,
        trust: &InForce,
        target: Option<&str>,
        now: u64,
        signers: &mut Vec<CountedSigner>,
    ) -> Result<Authorized<plan::Plan>, Failure> {
        let path = self.path.clone();
        let verified = self.unverified().verify(trust.policy(), now)?;
        *signers = verified.signers();
        signers.sort_unstable_by_key(|signer| signer.key.id());
        let opened = verified
            .open(|bytes| {
                let plan = plan::Plan::from_bytes(bytes).map_err(Failure::from)?;
                restraint::check(&plan)?;
                let facts = plan_facts(&plan)?;
                Ok::<_, Failure>((plan, facts))
            })
            .map_err(|failure| failure.about(&path.display().to_string()))?;
        Ok(opened.authorize(target, trust.memory())?)
    }
}

/// Writes a document and its seal by one signer, or none.
///
/// # Errors
/// A file that cannot be written.
pub fn write_sealed<K: Kind, P: Place + MaySign<K>>(
    path: &Path,
    access: Access,
    bytes: &[u8],
    signer: Option<&Signer<P>>,
) -> Result<(), Failure> {
    Aside::write(path, access, bytes, signer)?.put()
}

/// A document and its seal that are written, and only have to get their names.
#[derive(Debug)]
#[must_use]
pub struct PreparedDocument {
    digest: Digest,
    aside: Aside,
}

/// A document and its seal under other names than their own.
#[derive(Debug)]
struct Aside {
    path: PathBuf,
    beside: PathBuf,
    document: files::Prepared,
    seal: Option<files::Prepared>,
    replaces: Replaces,
}

/// What a document may take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replaces {
    Older,
    Nothing,
}

/// Writes a document and its seal by one signer, or none, aside.
///
/// # Errors
/// A file that cannot be written.
pub fn prepare_sealed<K: Kind, P: Place + MaySign<K>>(
    path: &Path,
    access: Access,
    bytes: &[u8],
    signer: Option<&Signer<P>>,
) -> Result<PreparedDocument, Failure> {
    Ok(PreparedDocument { digest: Digest::of(bytes), aside: Aside::write(path, access, bytes, signer)? })
}

impl PreparedDocument {
    /// The digest of the document.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether somebody has to read the document before it is written.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.aside.document.is_stream()
    }

    /// The same, for a name that must be free.
    pub fn never_replacing(self) -> Self {
        Self { aside: Aside { replaces: Replaces::Nothing, ..self.aside }, ..self }
    }

    /// Gives both their names. Where there is an older document, its seal goes first: no moment has a seal beside another document.
    ///
    /// # Errors
    /// A name that is taken, where it must be free; a file that cannot be put in its place.
    pub fn put(self) -> Result<(), Failure> {
        self.aside.put()
    }
}

impl Aside {
    fn write<K: Kind, P: Place + MaySign<K>>(
        path: &Path,
        access: Access,
        bytes: &[u8],
        signer: Option<&Signer<P>>,
    ) -> Result<Self, Failure> {
        let beside = seal_path(path);
        let document = files::prepare(path, access, bytes)?;
        let seal = match signer {
            Some(signer) => {
                let mut seal = Seal::<K>::default();
                seal.sign(signer, Statement::Signed, bytes)?;
                Some(files::prepare_file(&beside, access, &seal.to_bytes())?)
            }
            None => None,
        };
        Ok(Self { path: path.to_owned(), beside, document, seal, replaces: Replaces::Older })
    }

    /// Where the name is free the seal comes first: a run that is killed in between leaves a seal alone, which is nothing and is
    /// replaced, and never a document that nobody signed.
    fn put_new(self) -> Result<(), Failure> {
        if self.path.symlink_metadata().is_ok() {
            return Err(FileError::Exists { path: self.path }.into());
        }
        match self.seal {
            Some(seal) => seal.put()?,
            None => remove(&self.beside)?,
        }
        Ok(self.document.put_new()?)
    }

    fn put(self) -> Result<(), Failure> {
        let free = self.path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if free || self.replaces == Replaces::Nothing {
            return self.put_new();
        }
        remove(&self.beside)?;
        self.document.put()?;
        self.seal.map_or(Ok(()), |seal| Ok(seal.put()?))
    }
}

/// Removes a file, where it is there.
fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::from_error(Exit::Environment, &error).about(&path.display().to_string()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads a trust policy.
///
/// # Errors
/// A file that others may write or that cannot be read; a policy that is not one.
pub fn read_policy(path: &Path) -> Result<TrustPolicy, Failure> {
    Ok(TrustPolicy::read(&files::read(path, Guard::Trusted, MAX_POLICY_BYTES)?)?)
}

/// What a trust policy judges in a plan.
fn plan_facts(plan: &plan::Plan) -> Result<PlanFacts, Failure> {
    let seconds = |time: Option<i64>| {
        time.map(u64::try_from)
            .transpose()
            .map_err(|_| Failure::new(Exit::InvalidInput, "the plan's validity lies before 1970"))
    };
    Ok(PlanFacts {
        hazards: plan.hazards.iter().map(|hazard| hazard.word().to_owned()).collect(),
        valid_from: seconds(plan.binding.not_before)?,
        expires: seconds(plan.binding.expires)?,
        targets: plan.binding.targets.clone(),
        database: plan.binding.database.clone(),
        system_identifier: plan.binding.system_identifier.clone(),
        sequence: plan.binding.sequence,
        compiler_version: plan.compiler.clone(),
    })
}
