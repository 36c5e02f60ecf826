//! Inputs to begin with: documents that the programs wrote (`seeds/`), and seals by keys that only tests have.

use std::io::Write as _;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pgseal_keys::signer::Place;
use pgseal_keys::{
    AgentHost, Kind, MaySign, Plan, Receipt, Seal, Signer, Snapshot, Statement, TrustPolicyDocument, Workstation,
    key_file,
};

/// A time at which all keys of [`POLICY`] are valid that ever are.
pub const NOW: u64 = 1_800_000_000;

/// What stands for a password in the seeds.
pub const SECRET: &str = "hunter2zz";

/// Two of keys 1 to 3 sign plans, key 4 signs what an agent says, key 5 is revoked, key 6 has expired.
pub const POLICY: &str = include_str!("../seeds/policy.toml");

const PLAN: &[u8] = include_bytes!("../seeds/plan.json");
const SNAPSHOT: &[u8] = include_bytes!("../seeds/snapshot.json");
const RECEIPT: &[u8] = include_bytes!("../seeds/receipt.json");

/// A signer whose seed is 32 times the same byte.
fn signer<P: Place>(seed: u8) -> Signer<P> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(pem(&[seed; 32]).as_bytes()).expect("a key is written");
    key_file::read_private(file.path(), None).expect("a key is read")
}

fn pem(seed: &[u8; 32]) -> String {
    const HEAD: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let body = STANDARD.encode([&HEAD[..], seed].concat());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// Somebody whom no policy knows.
pub fn stranger() -> &'static Signer<Workstation> {
    static STRANGER: OnceLock<Signer<Workstation>> = OnceLock::new();
    STRANGER.get_or_init(|| signer(99))
}

fn seal<K: Kind, P: Place + MaySign<K>>(document: &[u8], seeds: &[(u8, Statement)]) -> Vec<u8> {
    let mut seal = Seal::<K>::default();
    for (seed, statement) in seeds {
        seal.sign(&signer::<P>(*seed), *statement, document).expect("a key signs");
    }
    seal.to_bytes()
}

/// A document and its seal in one input.
pub fn joined(document: &[u8], seal: &[u8]) -> Vec<u8> {
    let length = u32::try_from(document.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&length[..], document, seal].concat()
}

const SMALL_PLAN: &[u8] = b"{\"plan\": 1}\n";
const OTHER_PLAN: &[u8] = b"{\"plan\": 2}\n";

fn next_policy() -> Vec<u8> {
    POLICY.replacen("policy_version = 7", "policy_version = 8", 1).into_bytes()
}

/// What enough trusted keys signed, by kind.
pub fn signed() -> &'static [(&'static str, Vec<u8>)] {
    static SIGNED: OnceLock<Vec<(&'static str, Vec<u8>)>> = OnceLock::new();
    SIGNED.get_or_init(|| {
        vec![
            (Plan::NAME, SMALL_PLAN.to_vec()),
            (Receipt::NAME, RECEIPT.to_vec()),
            (Snapshot::NAME, b"{}".to_vec()),
            (TrustPolicyDocument::NAME, next_policy()),
        ]
    })
}

/// Sealed documents: those of [`signed`], then such as must not get through.
pub fn sealed() -> Vec<Vec<u8>> {
    use Statement::{Reproduced, Signed};
    let of_plan =
        |document: &[u8], seeds: &[(u8, Statement)]| joined(document, &seal::<Plan, Workstation>(document, seeds));
    let enough = [(1, Signed), (2, Signed), (3, Reproduced)];
    let next = next_policy();
    vec![
        of_plan(SMALL_PLAN, &enough),
        joined(RECEIPT, &seal::<Receipt, AgentHost>(RECEIPT, &[(4, Signed)])),
        joined(b"{}", &seal::<Snapshot, AgentHost>(b"{}", &[(4, Signed)])),
        joined(&next, &seal::<TrustPolicyDocument, Workstation>(&next, &[(1, Signed), (2, Signed)])),
        // one short; twice by one; revoked, expired, a stranger; for other documents and kinds
        of_plan(OTHER_PLAN, &[(1, Signed), (1, Reproduced)]),
        of_plan(OTHER_PLAN, &[(1, Signed), (5, Signed), (6, Reproduced)]),
        of_plan(OTHER_PLAN, &[(1, Signed), (99, Reproduced)]),
        of_plan(OTHER_PLAN, &[(4, Signed), (5, Signed), (6, Reproduced)]),
        joined(OTHER_PLAN, &seal::<Plan, Workstation>(SMALL_PLAN, &enough)),
        joined(OTHER_PLAN, &seal::<TrustPolicyDocument, Workstation>(OTHER_PLAN, &[(1, Signed)])),
        joined(OTHER_PLAN, &seal::<Receipt, AgentHost>(OTHER_PLAN, &[(1, Signed), (2, Signed)])),
        joined(SMALL_PLAN, b""),
    ]
}

/// Policies that would follow [`POLICY`]; the first one does.
pub fn successors() -> Vec<Vec<u8>> {
    use Statement::Signed;
    let next = next_policy();
    let sealed = |document: &[u8], seeds: &[(u8, Statement)]| {
        joined(document, &seal::<TrustPolicyDocument, Workstation>(document, seeds))
    };
    vec![
        sealed(&next, &[(1, Signed), (2, Signed)]),
        sealed(&next, &[(1, Signed)]),
        joined(&next, &seal::<Plan, Workstation>(&next, &[(1, Signed), (2, Signed)])),
        joined(POLICY.as_bytes(), b""),
    ]
}

pub fn seals() -> Vec<Vec<u8>> {
    use Statement::{Reproduced, Signed};
    vec![
        seal::<Plan, Workstation>(SMALL_PLAN, &[(1, Signed), (2, Signed), (2, Reproduced)]),
        seal::<Receipt, AgentHost>(RECEIPT, &[(4, Signed)]),
        include_bytes!("../seeds/plan.json.sig").to_vec(),
        include_bytes!("../seeds/receipt.json.sig").to_vec(),
    ]
}

pub fn policies() -> Vec<Vec<u8>> {
    vec![POLICY.as_bytes().to_vec(), include_bytes!("../seeds/trust.toml").to_vec()]
}

pub fn states() -> Vec<Vec<u8>> {
    let quoted = serde_json::Value::from(POLICY).to_string();
    let mark = "{\n      \"plan\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\n      \"sequence\": 3\n    }";
    // as it is written: keys in order, two spaces
    let whole = format!(
        "{{\n  \"format\": \"pgseal-state\",\n  \"policy\": {{\n    \"text\": {quoted},\n    \"version\": 7\n  }},\n  \"sequences\": {{\n    \
         \"shop\": {mark}\n  }},\n  \"time\": {NOW},\n  \"version\": 1\n}}\n"
    );
    vec![whole.into_bytes()]
}

pub fn public_keys() -> Vec<Vec<u8>> {
    let key = stranger().public_key();
    vec![
        key.to_spki_base64().into_bytes(),
        include_bytes!("../seeds/public.pem").to_vec(),
        // small order, and not canonical
        b"MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec(),
        b"MCowBQYDK2VwAyEA7v///////////////////////////////////////38=".to_vec(),
    ]
}

pub fn private_keys() -> Vec<Vec<u8>> {
    // encrypted by OpenSSL with the least that scrypt can cost, and with PBKDF2
    let scrypt = include_bytes!("../seeds/scrypt.pem").to_vec();
    let pbkdf2 = include_bytes!("../seeds/pbkdf2.pem").to_vec();
    vec![pem(&[7; 32]).into_bytes(), scrypt, pbkdf2, pem(&[7; 32]).replace("PRIVATE", "ENCRYPTED PRIVATE").into_bytes()]
}

pub fn signatures() -> Vec<Vec<u8>> {
    vec![vec![7; 64], STANDARD.encode([7; 64]).into_bytes(), [STANDARD.encode([8; 64]).as_bytes(), b"\n"].concat()]
}

pub fn plans() -> Vec<Vec<u8>> {
    vec![PLAN.to_vec()]
}

pub fn snapshots() -> Vec<Vec<u8>> {
    vec![SNAPSHOT.to_vec()]
}

pub fn receipts() -> Vec<Vec<u8>> {
    vec![RECEIPT.to_vec()]
}

pub fn connection_strings() -> Vec<Vec<u8>> {
    [
        "host=db.example port=5433 dbname=shop user='al ice' sslmode=verify-full application_name=a\\'b",
        "postgresql://al%20ice@db.example:5433/shop?sslmode=require&channel_binding=prefer&connect_timeout=10",
        "postgres://[::1]:5432/shop?application_name=x&options=-c%20geqo%3Doff",
        "hostaddr=127.0.0.1 sslnegotiation=postgres sslmode=disable connect_timeout=-1",
        "postgresql://alice:hunter2zz@db.example/shop",
        "host=a,b port=1,2 password=hunter2zz passfile=/nonexistent service=none",
        "host=/run/postgresql dbname='a b\\\\c' sslrootcert=system sslcert=c sslkey=k target_session_attrs=any",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

pub fn connection_files() -> Vec<Vec<u8>> {
    [
        "shop\n# services\n[shop]\nhost=db.example\nport=5433\ndbname=shop\nuser=alice\n\n[other]\nhost=h\npassword=hunter2zz\n",
        "other\n#db.example:*:*:*:no\n*:*:*:*:hunter2zz\n[shop]\nhost=h\n[other]\nhost=db.example\n",
        "shop\nlocalhost:5432:a\\:b\\\\c:user:hunter2zz\n\\*:*:*:*:p\\:w\n[shop]\nhost=/tmp\ndbname=a:b\\c\n[x]\n",
        "none\n[shop\nservice=shop\nldap://x/y\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}
