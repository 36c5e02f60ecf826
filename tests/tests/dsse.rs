//! Seals against an independent implementation of DSSE, securesystemslib, both ways. `scripts/python.sh` installs it into `.python`;
//! without it (no Python, no network) the test says so and goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use pgseal_tests::documents;
use pgseal_tests::program::{Ended, run, run_compiler};
use pgseal_tests::server::repository;

/// A folder with a plan and three keys, and the other implementation.
struct Desk {
    folder: tempfile::TempDir,
    python: PathBuf,
}

impl Desk {
    fn find() -> Option<Self> {
        let python = repository().join(".python/bin/python");
        if !python.exists() {
            println!("skipped: needs securesystemslib, which scripts/python.sh installs");
            return None;
        }
        let desk = Self { folder: tempfile::tempdir().unwrap(), python };
        desk.write("plan.json", &documents::plan().to_bytes());
        for name in ["alice", "bob", "mallory"] {
            desk.pgseal(&format!("keygen --out {name}.pem --no-passphrase")).expect(0);
        }
        desk.pgseal("trust init --key alice.pub.pem --key bob.pub.pem --threshold 2 --out trust.toml").expect(0);
        Some(desk)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    fn pgseal(&self, arguments: &str) -> Ended {
        run_compiler(self.folder.path(), arguments.split(' '))
    }

    fn other(&self, arguments: &str) -> Ended {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dsse/securesystemslib_side.py");
        let mut command = Command::new(&self.python);
        run(command.arg(script).args(arguments.split(' ')).current_dir(self.folder.path()))
    }
}

#[test]
fn securesystemslib_verifies_our_seals() {
    let Some(desk) = Desk::find() else { return };
    let verify =
        |threshold| desk.other(&format!("verify plan.json plan.json.sig {threshold} alice.pub.pem bob.pub.pem"));
    desk.pgseal("sign plan.json --key alice.pem").expect(0);
    verify(1).expect(0);
    verify(2).expect(1);
    desk.pgseal("sign plan.json --key mallory.pem").expect(0);
    verify(2).expect(1);
    desk.pgseal("sign plan.json --key bob.pem").expect(0);
    assert_eq!(verify(2).expect(0).out, "{\"signed\": 2, \"reproduced\": 0}\n");
    let plan = desk.bytes("plan.json");
    desk.write("plan.json", &[&plan[..], b" "].concat());
    verify(1).expect(1);
}

#[test]
fn securesystemslib_knows_a_reproduction_from_a_signature() {
    let Some(desk) = Desk::find() else { return };
    desk.write("snapshot.json", &documents::snapshot().to_bytes());
    desk.write("schema.sql", b"CREATE SCHEMA shop;\n");
    let inputs = "--snapshot snapshot.json --schema schema.sql";
    desk.pgseal(&format!("plan {inputs} --out plan.json --key alice.pem")).expect(0);
    desk.pgseal(&format!("cosign plan.json {inputs} --key bob.pem")).expect(0);
    let ended = desk.other("verify plan.json plan.json.sig 2 alice.pub.pem bob.pub.pem").expect(0);
    assert_eq!(ended.out, "{\"signed\": 1, \"reproduced\": 1}\n");
}

#[test]
fn we_accept_what_securesystemslib_signed() {
    let Some(desk) = Desk::find() else { return };
    let payload_type = "application/vnd.pgseal.plan+json";
    for name in ["alice", "bob"] {
        desk.other(&format!("sign {payload_type} plan.json {name}.pem {name}.sig")).expect(0);
        desk.pgseal(&format!("sign plan.json --attach {name}.sig --public-key {name}.pub.pem")).expect(0);
    }
    desk.pgseal("verify plan.json --trust trust.toml").expect(0);
    // under another type it is a signature on something else
    desk.other("sign application/vnd.pgseal.receipt+json plan.json bob.pem bob.sig").expect(0);
    desk.pgseal("sign plan.json --attach bob.sig --public-key bob.pub.pem").expect(3);
    // and the type of a reproduction makes a reproduction
    desk.other("sign application/vnd.pgseal.plan.reproduced+json plan.json bob.pem bob.sig").expect(0);
    desk.pgseal("sign plan.json --attach bob.sig --public-key bob.pub.pem").expect(3);
    // which cosign takes, once it has made the same plan
    let cosign =
        "cosign plan.json --snapshot snapshot.json --schema schema.sql --attach bob.sig --public-key bob.pub.pem";
    desk.write("snapshot.json", &documents::snapshot().to_bytes());
    desk.write("schema.sql", b"CREATE SCHEMA shop;\n");
    desk.pgseal(cosign).expect(3);
    desk.pgseal("plan --snapshot snapshot.json --schema schema.sql --out plan.json").expect(0);
    desk.other("sign application/vnd.pgseal.plan.reproduced+json plan.json bob.pem bob.sig").expect(0);
    desk.pgseal(cosign).expect(0);
    let ended = desk.other("verify plan.json plan.json.sig 1 bob.pub.pem").expect(0);
    assert_eq!(ended.out, "{\"signed\": 0, \"reproduced\": 1}\n");
}
