//! Encryption of private keys with a passphrase: PBES2 (RFC 8018) with scrypt or PBKDF2 and AES in CBC mode, which is what OpenSSL writes.
//!
//! The crate for PKCS #5 reads and writes the parameters. The few lines from a passphrase to a key and from a key to the text are here:
//! the crate's own leave the derived key in memory, and bring AES-GCM, which no key file of ours or of OpenSSL's uses.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, Salt, ScryptParams};
use zeroize::Zeroizing;

/// The length of AES's blocks, in bytes.
const BLOCK: usize = 16;

/// Why a text was not encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// An algorithm, or parameters of one, that are not read here.
    Unsupported,
    /// The passphrase is another one, or the text was changed.
    Wrong,
}

/// How expensive scrypt is: N is two to the power of `log_n`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub log_n: u8,
    pub block_size: u16,
    pub parallelization: u16,
}

/// Parameters for a new key file: scrypt and AES-256-CBC.
pub(crate) fn scrypt_aes256(cost: Cost, salt: &[u8; 16], iv: [u8; BLOCK]) -> Result<Parameters, Problem> {
    let kdf = Kdf::Scrypt(ScryptParams {
        salt: Salt::new(salt).map_err(|_| Problem::Unsupported)?,
        cost_parameter: 1_u64.checked_shl(cost.log_n.into()).ok_or(Problem::Unsupported)?,
        block_size: cost.block_size,
        parallelization: cost.parallelization,
        key_length: None,
    });
    Ok(Parameters { kdf, encryption: EncryptionScheme::Aes256Cbc { iv } })
}

/// Encrypts with [`scrypt_aes256`]'s parameters.
pub(crate) fn encrypt(parameters: &Parameters, passphrase: &[u8], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let EncryptionScheme::Aes256Cbc { iv } = parameters.encryption else { return Err(Problem::Unsupported) };
    let key = derive::<32>(&parameters.kdf, passphrase)?;
    // room for the padding, which is at least one byte, from the start: a buffer that grows leaves a copy behind
    let mut buffer = Zeroizing::new(Vec::with_capacity(text.len() + BLOCK));
    buffer.extend_from_slice(text);
    buffer.resize(text.len() + BLOCK, 0);
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&(*key).into(), &iv.into());
    let length = cipher.encrypt_padded::<Pkcs7>(&mut buffer, text.len()).map_err(|_| Problem::Unsupported)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Decrypts; the cost of the parameters must have been checked.
pub(crate) fn decrypt(parameters: &Parameters, passphrase: &[u8], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut buffer = Zeroizing::new(text.to_vec());
    let kdf = &parameters.kdf;
    let plain = match parameters.encryption {
        EncryptionScheme::Aes128Cbc { iv } => {
            let key = derive::<16>(kdf, passphrase)?;
            cbc::Decryptor::<aes::Aes128>::new(&(*key).into(), &iv.into()).decrypt_padded::<Pkcs7>(&mut buffer)
        }
        EncryptionScheme::Aes192Cbc { iv } => {
            let key = derive::<24>(kdf, passphrase)?;
            cbc::Decryptor::<aes::Aes192>::new(&(*key).into(), &iv.into()).decrypt_padded::<Pkcs7>(&mut buffer)
        }
        EncryptionScheme::Aes256Cbc { iv } => {
            let key = derive::<32>(kdf, passphrase)?;
            cbc::Decryptor::<aes::Aes256>::new(&(*key).into(), &iv.into()).decrypt_padded::<Pkcs7>(&mut buffer)
        }
        _ => return Err(Problem::Unsupported),
    };
    let length = plain.map_err(|_| Problem::Wrong)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Derives a key of `LENGTH` bytes.
fn derive<const LENGTH: usize>(kdf: &Kdf, passphrase: &[u8]) -> Result<Zeroizing<[u8; LENGTH]>, Problem> {
    if kdf.key_length().is_some_and(|length| usize::from(length) != LENGTH) {
        return Err(Problem::Unsupported);
    }
    let mut key = Zeroizing::new([0; LENGTH]);
    match kdf {
        Kdf::Scrypt(ScryptParams { salt, cost_parameter, block_size, parallelization, .. }) => {
            let log_n = u8::try_from(cost_parameter.trailing_zeros()).map_err(|_| Problem::Unsupported)?;
            let cost = scrypt::Params::new(log_n, (*block_size).into(), (*parallelization).into());
            let cost = cost.map_err(|_| Problem::Unsupported)?;
            scrypt::scrypt(passphrase, salt.as_bytes(), &cost, &mut *key).map_err(|_| Problem::Unsupported)?;
        }
        Kdf::Pbkdf2(Pbkdf2Params { salt, iteration_count, prf, .. }) => {
            let (salt, rounds) = (salt.as_bytes(), *iteration_count);
            match prf {
                Pbkdf2Prf::HmacWithSha224 => pbkdf2::pbkdf2_hmac::<sha2::Sha224>(passphrase, salt, rounds, &mut *key),
                Pbkdf2Prf::HmacWithSha256 => pbkdf2::pbkdf2_hmac::<sha2::Sha256>(passphrase, salt, rounds, &mut *key),
                Pbkdf2Prf::HmacWithSha384 => pbkdf2::pbkdf2_hmac::<sha2::Sha384>(passphrase, salt, rounds, &mut *key),
                Pbkdf2Prf::HmacWithSha512 => pbkdf2::pbkdf2_hmac::<sha2::Sha512>(passphrase, salt, rounds, &mut *key),
                _ => return Err(Problem::Unsupported),
            }
        }
        _ => return Err(Problem::Unsupported),
    }
    Ok(key)
}
