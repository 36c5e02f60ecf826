//! Two certificate authorities and what they issued, made with the real `openssl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The certificates' folder; files are `NAME.crt` and `NAME.key`.
///
/// | name | what it is |
/// |---|---|
/// | `ca`, `other-ca` | authorities |
/// | `server` | of `ca`, for `db.example` |
/// | `expired` | the same, until 2021 |
/// | `client` | of `ca`, for user `holder`, client use only |
/// | `stranger` | of `other-ca`, for user `holder` |
pub struct Certificates(tempfile::TempDir);

impl Certificates {
    /// Makes them all; `None`, with a note, where there is no openssl.
    pub fn make() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: needs openssl to make certificates");
            return None;
        }
        let made = Self(tempfile::tempdir().unwrap());
        made.authority("ca");
        made.authority("other-ca");
        made.issue(
            "server",
            "ca",
            "/CN=db.example",
            "subjectAltName=DNS:db.example\nextendedKeyUsage=serverAuth\n",
            &[],
        );
        // Its validity ends before it begins for us; openssl takes the days as they are.
        made.issue(
            "expired",
            "ca",
            "/CN=db.example",
            "subjectAltName=DNS:db.example\nextendedKeyUsage=serverAuth\n",
            &["-days", "-1"],
        );
        let holder = "subjectAltName=DNS:db.example\nextendedKeyUsage=clientAuth\n";
        made.issue("client", "ca", "/CN=holder", holder, &[]);
        made.issue("stranger", "other-ca", "/CN=holder", holder, &[]);
        Some(made)
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is in it.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn key(&self, name: &str) {
        self.run(&[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            &format!("{name}.key"),
        ]);
        private(&self.path(&format!("{name}.key")));
    }

    fn authority(&self, name: &str) {
        self.key(name);
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        let subject = format!("/CN={name}");
        self.run(&["req", "-x509", "-new", "-key", &key, "-subj", &subject, "-days", "2", "-out", &certificate]);
    }

    fn issue(&self, name: &str, authority: &str, subject: &str, extensions: &str, validity: &[&str]) {
        self.key(name);
        let file = |suffix: &str| format!("{name}.{suffix}");
        fs::write(self.path(&file("ext")), extensions).unwrap();
        self.run(&["req", "-new", "-key", &file("key"), "-subj", subject, "-out", &file("csr")]);
        let (ca, ca_key) = (format!("{authority}.crt"), format!("{authority}.key"));
        let (csr, ext, crt) = (file("csr"), file("ext"), file("crt"));
        let sign = [
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-extfile",
            &ext,
            "-out",
            &crt,
        ];
        let days = if validity.is_empty() { &["-days", "2"][..] } else { validity };
        self.run(&[&sign[..], days].concat());
    }
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
