//! Interoperation with the real `openssl` (3.x), both ways. Skipped with a note where it is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{NOW, PLAN, policy_text};
use pgseal_keys::key_file::{self, Passphrase, Protection};
use pgseal_keys::{Plan, Seal, Signature, Signer, Statement, TrustPolicy, Unverified, Workstation, pae};
use zeroize::Zeroizing;

/// A folder to run `openssl` in; `None` when there is none of version 3 or later.
struct OpenSsl(tempfile::TempDir);

impl OpenSsl {
    fn find() -> Option<Self> {
        let version = Command::new("openssl").arg("version").output().ok();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let major: Option<u32> = version.strip_prefix("OpenSSL ").and_then(|rest| rest.split('.').next()?.parse().ok());
        if major.is_none_or(|major| major < 3) {
            println!("skipped: needs openssl 3 or later, found \"{}\"", version.trim());
            return None;
        }
        Some(Self(tempfile::tempdir().unwrap()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn try_run(&self, arguments: &str) -> Output {
        Command::new("openssl").args(arguments.split(' ')).current_dir(self.0.path()).output().unwrap()
    }

    fn run(&self, arguments: &str) -> Vec<u8> {
        let output = self.try_run(arguments);
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

#[test]
fn openssl_reads_our_keys() {
    let Some(openssl) = OpenSsl::find() else { return };
    let secret = passphrase("correct horse");
    for (name, protection) in [("plain", Protection::Plain), ("locked", Protection::Encrypted(&secret))] {
        let (private, public) = (openssl.path(&format!("{name}.pem")), openssl.path(&format!("{name}.pub.pem")));
        let key = key_file::generate(&private, &public, protection).unwrap();
        fs::write(openssl.path("pass"), "correct horse\n").unwrap();
        let derived = openssl.run(&format!("pkey -in {name}.pem -passin file:pass -pubout"));
        assert_eq!(derived, fs::read(&public).unwrap());
        let der = openssl.run(&format!("pkey -pubin -in {name}.pub.pem -outform DER"));
        assert_eq!(der, key.to_spki_der());
    }
    fs::write(openssl.path("pass"), "wrong\n").unwrap();
    assert!(!openssl.try_run("pkey -in locked.pem -passin file:pass -noout").status.success());
}

#[test]
fn we_read_openssls_keys() {
    let Some(openssl) = OpenSsl::find() else { return };
    fs::write(openssl.path("pass"), "correct horse\n").unwrap();
    openssl.run("genpkey -algorithm ed25519 -out plain.pem");
    openssl.run("pkey -in plain.pem -pubout -out pub.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -scrypt -passout file:pass -out scrypt.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -v2 aes-256-cbc -passout file:pass -out pbkdf2.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -v2 aes-192-cbc -v2prf hmacWithSHA512 -passout file:pass -out aes192.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -v2 aes-128-cbc -v2prf hmacWithSHA384 -passout file:pass -out aes128.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -v2 aes-128-cbc -v2prf hmacWithSHA224 -passout file:pass -out sha224.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -v2 aes-256-cbc -v2prf hmacWithSHA1 -passout file:pass -out sha1.pem");
    openssl.run("pkcs8 -topk8 -in plain.pem -v2 des3 -passout file:pass -out des3.pem");
    openssl.run("genpkey -algorithm x25519 -out x25519.pem");
    openssl.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    for name in ["plain", "scrypt", "pbkdf2", "aes192", "aes128", "sha224", "sha1", "des3", "x25519", "rsa"] {
        chmod(&openssl.path(&format!("{name}.pem")), 0o600);
    }
    let secret = passphrase("correct horse");
    let public = key_file::read_public(&openssl.path("pub.pem")).unwrap();
    let read = |name: &str| key_file::read_private::<Workstation>(&openssl.path(name), Some(&secret));
    for name in ["plain.pem", "scrypt.pem", "pbkdf2.pem", "aes192.pem", "aes128.pem", "sha224.pem"] {
        assert_eq!(read(name).unwrap().public_key(), public, "{name}");
    }
    assert_eq!(read("sha1.pem").unwrap_err().code(), "K0414");
    assert_eq!(read("des3.pem").unwrap_err().code(), "K0414");
    assert_eq!(read("x25519.pem").unwrap_err().code(), "K0411");
    assert_eq!(read("rsa.pem").unwrap_err().code(), "K0411");
}

#[test]
fn openssl_verifies_our_signatures() {
    let Some(openssl) = OpenSsl::find() else { return };
    let (private, public) = (openssl.path("a.pem"), openssl.path("a.pub.pem"));
    key_file::generate(&private, &public, Protection::Plain).unwrap();
    let signer: Signer<Workstation> = key_file::read_private(&private, None).unwrap();
    let signature = signer.sign::<Plan>(Statement::Signed, PLAN).unwrap();
    fs::write(openssl.path("tbs"), pae::to_be_signed::<Plan>(Statement::Signed, PLAN).unwrap()).unwrap();
    fs::write(openssl.path("sig"), signature.as_bytes()).unwrap();
    openssl.run("pkeyutl -verify -pubin -inkey a.pub.pem -rawin -in tbs -sigfile sig");
    fs::write(openssl.path("tbs"), PLAN).unwrap();
    assert!(!openssl.try_run("pkeyutl -verify -pubin -inkey a.pub.pem -rawin -in tbs -sigfile sig").status.success());
}

#[test]
fn we_accept_what_openssl_signed() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.run("genpkey -algorithm ed25519 -out hsm.pem");
    openssl.run("pkey -in hsm.pem -pubout -out hsm.pub.pem");
    fs::write(openssl.path("tbs"), pae::to_be_signed::<Plan>(Statement::Signed, PLAN).unwrap()).unwrap();
    openssl.run("pkeyutl -sign -inkey hsm.pem -rawin -in tbs -out sig");
    let public = key_file::read_public(&openssl.path("hsm.pub.pem")).unwrap();
    let signature = Signature::from_file_bytes(&fs::read(openssl.path("sig")).unwrap()).unwrap();
    let mut seal = Seal::<Plan>::default();
    seal.attach(&public, Statement::Signed, signature, PLAN).unwrap();
    let entry = format!("[[keys]]\nname = \"hsm\"\nkey = \"{}\"\n", public.to_spki_base64());
    let policy = TrustPolicy::read(policy_text("", &[entry]).as_bytes()).unwrap();
    let verified = Unverified::<Plan>::new(PLAN.to_vec(), Some(seal.to_bytes())).verify(&policy, NOW).unwrap();
    assert_eq!(verified.signers()[0].name, "hsm");
    // Over the bare plan, without the pre-authentication encoding, it is refused.
    fs::write(openssl.path("tbs"), PLAN).unwrap();
    openssl.run("pkeyutl -sign -inkey hsm.pem -rawin -in tbs -out sig");
    let signature = Signature::from_file_bytes(&fs::read(openssl.path("sig")).unwrap()).unwrap();
    assert_eq!(seal.attach(&public, Statement::Signed, signature, PLAN).unwrap_err().code(), "K0113");
}
