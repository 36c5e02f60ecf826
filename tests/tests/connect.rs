//! Sessions of the agent on real servers: TLS modes, authentication, pinned settings, and how they end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod certificates;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use certificates::Certificates;
use pgseal_agent::connect::{ConnectError, ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::receipt::Outcome;
use pgseal_tests::faults::{Desk, Wire, forge};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::program::says;
use pgseal_tests::server::{MAJORS, Options, Server};

const SECRET: &str = "s3cret word";

/// Who may come in how. The harness itself connects by the first line.
const HBA: &str = "
local     all postgres trust
hostnossl all plain    127.0.0.1/32 trust
hostssl   all tls      127.0.0.1/32 trust
hostssl   all scram    127.0.0.1/32 scram-sha-256
host      all anyscram 127.0.0.1/32 scram-sha-256
host      all clear    127.0.0.1/32 password
hostssl   all holder   127.0.0.1/32 cert
";

const ROLES: &str = "
SET password_encryption = 'scram-sha-256';
CREATE ROLE plain LOGIN; CREATE ROLE tls LOGIN; CREATE ROLE holder LOGIN;
CREATE ROLE scram LOGIN PASSWORD 's3cret word'; CREATE ROLE clear LOGIN PASSWORD 's3cret word';
 CREATE ROLE anyscram LOGIN PASSWORD 's3cret word';
";

fn open_with(dsn: &str, variables: &[(&str, &str)]) -> Result<Session, ConnectError> {
    let args = ConnectionArgs { dsn: Some(dsn.to_owned()), ..ConnectionArgs::default() };
    let settings = Settings::resolve(&args, &Environment::new(variables, None, Some("nobody")))?;
    Session::open(&settings)
}

fn is_tls(session: &mut Session) -> bool {
    let sql = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
    session.rows(sql).unwrap()[0].column(0) == Some("t")
}

fn is_cancelled_from_elsewhere(session: &mut Session) {
    // a request that comes before the statement is for nothing
    let cancelled = (0..3).find_map(|_| {
        let handle = session.cancel_handle();
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(500));
            handle.cancel_within(Duration::from_secs(20)).unwrap();
        });
        let answer = session.execute("SELECT pg_catalog.pg_sleep(10)");
        canceller.join().unwrap();
        answer.err()
    });
    let cancelled = cancelled.expect("a statement that is cancelled");
    assert!(cancelled.is_cancelled(), "{cancelled:?}");
}

/// A server with TLS and the certificates that it and its clients have.
struct TlsServer {
    server: Server,
    certificates: Certificates,
}

impl TlsServer {
    /// `None`, with a note, when there is no openssl to make certificates with.
    fn start(major: u16, name: &str) -> Option<Self> {
        Self::start_with(major, name, &[])
    }

    fn start_with(major: u16, name: &str, settings: &[(&str, &str)]) -> Option<Self> {
        let certificates = Certificates::make()?;
        let options = settings.iter().fold(Options::new(major), |options, (name, value)| options.setting(name, value));
        let options = options
            .tcp()
            .setting("ssl", "on")
            .setting("ssl_ca_file", "ca.crt")
            .file("server.crt", &certificates.text(&format!("{name}.crt")))
            .file("server.key", &certificates.text(&format!("{name}.key")))
            .file("ca.crt", &certificates.text("ca.crt"))
            .hba(HBA);
        let server = Server::start(&options);
        server.connect("postgres").batch_execute(ROLES).unwrap();
        Some(Self { server, certificates })
    }

    fn path(&self, name: &str) -> String {
        self.certificates.path(name).display().to_string()
    }

    fn open(&self, user: &str, options: &str) -> Result<Session, ConnectError> {
        let port = self.server.port();
        let variables = [("PGPASSWORD", SECRET)];
        let dsn = format!("hostaddr=127.0.0.1 port={port} dbname=postgres user={user} {options}");
        open_with(&dsn, &variables)
    }

    /// `tls`, `plain`, or the error's code.
    fn outcome(&self, user: &str, options: &str) -> &'static str {
        match self.open(user, options) {
            Ok(mut session) => {
                if is_tls(&mut session) {
                    "tls"
                } else {
                    "plain"
                }
            }
            Err(error) => {
                let text = format!("{error} {error:?}");
                assert!(!text.contains(SECRET), "{text}");
                error.code()
            }
        }
    }
}

#[test]
fn each_sslmode_checks_what_it_says() {
    let Some(server) = TlsServer::start(18, "server") else { return };
    let (ca, other) = (server.path("ca.crt"), server.path("other-ca.crt"));
    for (user, options, expected) in [
        ("tls", format!("host=db.example sslmode=verify-full sslrootcert={ca}"), "tls"),
        ("tls", format!("host=elsewhere.example sslmode=verify-full sslrootcert={ca}"), "C0110"),
        ("tls", format!("host=db.example sslmode=verify-full sslrootcert={other}"), "C0110"),
        ("tls", "host=db.example sslmode=verify-full sslrootcert=system".to_owned(), "C0110"),
        ("tls", "host=db.example sslmode=verify-full sslrootcert=/nonexistent".to_owned(), "K0406"),
        ("tls", format!("sslmode=verify-full sslrootcert={ca}"), "C0110"),
        ("tls", format!("host=elsewhere.example sslmode=verify-ca sslrootcert={ca}"), "tls"),
        ("tls", format!("host=db.example sslmode=verify-ca sslrootcert={other}"), "C0110"),
        // Any public authority would do for any host then.
        ("tls", "host=db.example sslmode=verify-ca".to_owned(), "C0112"),
        ("tls", "sslmode=require".to_owned(), "tls"),
        ("tls", format!("sslmode=require sslrootcert={ca}"), "tls"),
        ("tls", format!("sslmode=require sslrootcert={other}"), "C0110"),
        ("plain", "sslmode=require".to_owned(), "C0110"),
        // Where both are to be had, the mode decides.
        ("anyscram", "sslmode=prefer".to_owned(), "tls"),
        ("anyscram", "sslmode=allow".to_owned(), "plain"),
        ("anyscram", "sslmode=disable".to_owned(), "plain"),
        // Turned away at first, the other way is tried.
        ("plain", "sslmode=prefer".to_owned(), "plain"),
        ("tls", "sslmode=prefer".to_owned(), "tls"),
        ("tls", "sslmode=allow".to_owned(), "tls"),
        ("plain", "sslmode=allow".to_owned(), "plain"),
        ("tls", "sslmode=disable".to_owned(), "C0110"),
        ("anyscram", format!("sslmode=prefer sslrootcert={other}"), "plain"),
        ("tls", format!("sslmode=prefer sslrootcert={other}"), "C0110"),
        ("nobody", "sslmode=prefer".to_owned(), "C0110"),
        // From the first byte, on 17 and later.
        ("tls", format!("host=db.example sslmode=verify-full sslrootcert={ca} sslnegotiation=direct"), "tls"),
    ] {
        assert_eq!(server.outcome(user, &options), expected, "{user} {options}");
    }
    let unknown =
        server.open("tls", &format!("host=db.example sslmode=verify-full sslrootcert={other}")).err().unwrap();
    assert!(unknown.hint().is_some_and(|hint| hint.contains("--sslrootcert")), "{unknown}");
}

/// One bit of the answer to COMMIT is another one: whether it was done is not known then, and looked up.
#[test]
fn a_spoilt_answer_to_commit_leaves_it_to_the_state() {
    // a COMMIT can be made to wait for a standby that is not there
    let settings = [("wal_level", "replica"), ("max_wal_senders", "1")];
    let Some(TlsServer { server, .. }) = TlsServer::start_with(18, "server", &settings) else { return };
    let mut admin = server.connect("postgres");
    admin.batch_execute("ALTER ROLE tls SUPERUSER").unwrap();
    let source = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id integer)";
    let phases: &[&[&str]] =
        &[&["ALTER TABLE shop.orders ADD COLUMN note text"], &["CREATE TABLE shop.items (a integer)"]];
    let forged = forge(&server, source, phases);
    let (database, desk, wire) = (forged.database(&server), Desk::new(&forged.plan), Wire::before(server.port()));
    admin.batch_execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    let dsn = format!("hostaddr=127.0.0.1 port={} dbname={} user=tls sslmode=require", wire.port(), database.name());
    let ended = std::thread::scope(|scope| {
        let run = scope.spawn(|| desk.apply_with(&["--dsn".to_owned(), dsn]));
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'SyncRep')";
        while database.text(waiting) != "t" {
            assert!(!run.is_finished(), "{:?}", run.join());
            std::thread::sleep(Duration::from_millis(20));
        }
        wire.spoil();
        admin.batch_execute("ALTER SYSTEM RESET synchronous_standby_names").unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        run.join().unwrap().expect(0)
    });
    says(&ended, &["the connection was lost"]);
    let receipt = desk.expect_receipt(Outcome::Applied, 0);
    assert_eq!(receipt.phases.iter().map(|phase| phase.phase).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(snapshot(&database).unwrap().fingerprint(), forged.plan.target);
}

/// The deadline is for all of it: the socket, TLS, authentication and the settings of the session.
#[test]
fn a_host_that_falls_silent_is_not_waited_for() {
    let ready = [&b"R\0\0\0\x08\0\0\0\0"[..], b"Z\0\0\0\x05I"].concat();
    for (says, options) in [
        (&b""[..], "sslmode=disable"),
        (b"", "sslmode=prefer"),
        (b"S", "sslmode=require"),
        (b"", "sslmode=require sslnegotiation=direct"),
        (&ready, "sslmode=disable"),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let says = says.to_vec();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for mut stream in listener.incoming().map_while(Result::ok) {
                stream.write_all(&says).ok();
                kept.push(stream);
            }
        });
        let began = Instant::now();
        let dsn = format!("host=127.0.0.1 port={port} user=u connect_timeout=1 {options}");
        let error = open_with(&dsn, &[]).unwrap_err();
        assert_eq!(error.code(), "C0110", "{options}");
        assert!(error.to_string().contains("no session within 1 s"), "{options}: {error}");
        assert!(began.elapsed() < Duration::from_secs(10), "{options}: {:?}", began.elapsed());
    }
}

/// The handshake on its connection would never end.
#[test]
fn a_request_to_cancel_is_not_waited_for_for_ever() {
    let Some(tls) = TlsServer::start(18, "server") else { return };
    let wire = Wire::before(tls.server.port());
    let dsn = format!("hostaddr=127.0.0.1 port={} dbname=postgres user=tls sslmode=require", wire.port());
    let mut session = open_with(&dsn, &[]).unwrap();
    let handle = session.cancel_handle();
    wire.fall_mute();
    let began = Instant::now();
    let late = handle.cancel_within(Duration::from_secs(1)).unwrap_err();
    assert!(late.to_string().contains("not sent in time"), "{late}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    session.simple("SELECT 1").unwrap();
}

#[test]
fn a_server_without_tls_is_refused_by_the_modes_that_demand_it() {
    let server =
        Server::start(&Options::new(16).tcp().hba("local all postgres trust\nhost all plain 127.0.0.1/32 trust\n"));
    server.connect("postgres").batch_execute("CREATE ROLE plain LOGIN").unwrap();
    let outcome = |options: &str| {
        let dsn = format!("hostaddr=127.0.0.1 port={} dbname=postgres user=plain {options}", server.port());
        open_with(&dsn, &[]).map_or_else(|error| error.code(), |_| "plain")
    };
    for (mode, expected) in
        [("disable", "plain"), ("allow", "plain"), ("prefer", "plain"), ("require", "C0110"), ("verify-full", "C0110")]
    {
        // Where verify-full has no root file, it trusts the operating system's, which may be none at all.
        let code = outcome(&format!("sslmode={mode}"));
        assert!(code == expected || (mode == "verify-full" && code == "C0109"), "{mode} {code}");
    }
    assert_eq!(outcome("sslmode=require sslnegotiation=direct"), "C0110");
    assert_eq!(outcome(""), "plain");
    // where there is no TLS, files for it are not looked at
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        write_private(&folder.path().join(name), "garbage");
        folder.path().join(name).display().to_string()
    };
    let files = format!("sslrootcert={} sslcert={} sslkey={}", file("root"), file("cert"), file("key"));
    assert_eq!(outcome(&format!("sslmode=disable {files}")), "plain");
    assert_eq!(outcome(&format!("sslmode=prefer {files}")), "C0109");
    let socket = format!("host={} port={} dbname=postgres user=postgres", server.folder().display(), server.port());
    open_with(&format!("{socket} {files}"), &[]).unwrap();
}

#[test]
fn certificates_that_have_expired_or_are_for_clients_are_refused() {
    for name in ["expired", "client"] {
        let Some(server) = TlsServer::start(15, name) else { return };
        let ca = server.path("ca.crt");
        for mode in ["verify-full", "verify-ca", "require"] {
            let options = format!("host=db.example sslmode={mode} sslrootcert={ca}");
            assert_eq!(server.outcome("tls", &options), "C0110", "{name} {mode}");
        }
        assert_eq!(server.outcome("tls", "sslmode=require"), "tls");
    }
}

#[test]
fn scram_is_bound_to_the_channel() {
    let Some(server) = TlsServer::start(14, "server") else { return };
    assert_eq!(server.outcome("scram", "sslmode=require"), "tls");
    assert_eq!(server.outcome("scram", "sslmode=require channel_binding=require"), "tls");
    assert_eq!(server.outcome("scram", "sslmode=require channel_binding=disable"), "tls");
    assert_eq!(server.outcome("anyscram", "sslmode=disable"), "plain");
    assert_eq!(server.outcome("anyscram", "sslmode=disable channel_binding=require"), "C0110");
    // Without a password being asked for there is nothing to bind.
    assert_eq!(server.outcome("tls", "sslmode=require channel_binding=require"), "C0110");
}

/// With TLS and without: whoever listens on this machine shows any certificate, or none.
#[test]
fn a_password_is_not_given_away_as_it_is() {
    let Some(server) = TlsServer::start(18, "server") else { return };
    let ca = server.path("ca.crt");
    for (user, options, expected) in [
        ("clear", String::new(), "C0110"),
        ("clear", "host=localhost".to_owned(), "C0110"),
        ("clear", "sslmode=prefer".to_owned(), "tls"),
        ("clear", "sslmode=disable".to_owned(), "plain"),
        ("clear", format!("host=db.example sslmode=verify-full sslrootcert={ca}"), "tls"),
        ("anyscram", String::new(), "tls"),
        ("tls", String::new(), "tls"),
        ("plain", String::new(), "plain"),
    ] {
        assert_eq!(server.outcome(user, &options), expected, "{user} {options}");
    }
    let refused = server.open("clear", "").unwrap_err();
    assert!(refused.to_string().contains("asks for the password as it is"), "{refused}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("--sslmode")), "{refused}");

    let server = Server::start(&Options::new(14).tcp().hba(HBA));
    server.connect("postgres").batch_execute(ROLES).unwrap();
    let open = |user: &str, options: &str| {
        let dsn = format!("hostaddr=127.0.0.1 port={} dbname=postgres user={user} {options}", server.port());
        open_with(&dsn, &[("PGPASSWORD", SECRET)])
    };
    assert_eq!(open("clear", "").unwrap_err().code(), "C0110");
    assert!(open("clear", "sslmode=allow").is_ok());
    // Such a connection is cancelled like any other.
    let mut session = open("anyscram", "").unwrap();
    is_cancelled_from_elsewhere(&mut session);
}

#[test]
fn passwords_come_from_the_password_file_and_wrong_ones_are_told() {
    let server = Server::start(&Options::new(17).tcp().hba(HBA));
    server.connect("postgres").batch_execute(ROLES).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    let open = |line: &str| {
        write_private(&file, line);
        let dsn = format!("host=127.0.0.1 port={} dbname=postgres user=anyscram", server.port());
        open_with(&dsn, &[("PGPASSFILE", file.to_str().unwrap())])
    };
    assert!(open(&format!("127.0.0.1:*:*:anyscram:{SECRET}\n")).is_ok());
    let wrong = open("127.0.0.1:*:*:anyscram:wrong word\n").unwrap_err();
    assert_eq!((wrong.code(), wrong.exit_code().number()), ("C0110", 1));
    assert!(wrong.hint().is_some());
    assert!(!format!("{wrong} {wrong:?}").contains("wrong word"));
    // One attempt only, although sslmode=prefer has a second one.
    assert_eq!(server.log().matches("password authentication failed").count(), 1, "{}", server.log());
    // one that others may read is no more read than a key, and trying again would not help
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let dsn = format!("host=127.0.0.1 port={} dbname=postgres user=anyscram", server.port());
    let open_to_others = open_with(&dsn, &[("PGPASSFILE", file.to_str().unwrap())]).unwrap_err();
    assert_eq!((open_to_others.code(), open_to_others.exit_code().number()), ("K0401", 3));
    assert!(open_to_others.hint().is_some_and(|hint| hint.contains("chmod 600")));
    let missing = open("other:*:*:*:x\n").unwrap_err();
    assert_eq!((missing.code(), missing.hint()), ("C0110", wrong.hint()), "{missing}");
}

/// Without a name the role is called as the user of this machine is, and often there is none of that name.
#[test]
fn a_role_that_is_not_there_is_told_with_how_to_name_one() {
    let server = Server::shared(18);
    let dsn = format!("host={} port={} dbname=postgres user=nobody_here", server.host(), server.port());
    let refused = open_with(&dsn, &[]).unwrap_err();
    assert!(refused.to_string().contains("nobody_here"), "{refused}");
    let hint = refused.hint().unwrap_or_default();
    assert!(hint.contains("--user") && hint.contains("pg_hba.conf"), "{hint}");
}

#[test]
fn a_client_certificate_is_shown() {
    let Some(server) = TlsServer::start(18, "server") else { return };
    let (certificate, key) = (server.path("client.crt"), server.path("client.key"));
    let options = format!("sslmode=require sslcert={certificate} sslkey={key}");
    assert_eq!(server.outcome("holder", &options), "tls");
    assert_eq!(server.outcome("holder", "sslmode=require"), "C0110");
    let stranger =
        format!("sslmode=require sslcert={} sslkey={}", server.path("stranger.crt"), server.path("stranger.key"));
    assert_eq!(server.outcome("holder", &stranger), "C0110");
    let mismatch = format!("sslmode=require sslcert={certificate} sslkey={}", server.path("stranger.key"));
    assert_eq!(server.outcome("holder", &mismatch), "C0109");
    let text = server.certificates.text("client.key");
    write_mode(Path::new(&server.path("open.key")), &text, 0o644);
    let open = format!("sslmode=require sslcert={certificate} sslkey={}", server.path("open.key"));
    assert_eq!(server.outcome("holder", &open), "K0401");
}

#[test]
fn sessions_are_pinned_whatever_role_database_and_options_say() {
    for major in MAJORS {
        let server = Server::shared(major);
        let database = server.database("pinned");
        let name = database.name();
        database.batch(&format!(
            "CREATE ROLE hostile_{name} LOGIN;
             CREATE ROLE hostile_group_{name} ROLE hostile_{name};
             ALTER ROLE hostile_{name} SET role = 'hostile_group_{name}';
             ALTER ROLE hostile_{name} SET search_path = evil, public;
             ALTER ROLE hostile_{name} SET row_security = on;
             ALTER ROLE hostile_{name} SET datestyle = 'German';
             ALTER ROLE hostile_{name} SET default_transaction_read_only = on;
             ALTER DATABASE {name} SET standard_conforming_strings = off;
             ALTER DATABASE {name} SET quote_all_identifiers = on;
             ALTER DATABASE {name} SET statement_timeout = '1ms';
             ALTER ROLE hostile_{name} IN DATABASE {name} SET timezone = 'Asia/Tokyo'"
        ));
        let dsn = format!("host={} port={} dbname={name} user=hostile_{name}", server.host(), server.port());
        let options = "-c intervalstyle=iso_8601 -c bytea_output=escape -c extra_float_digits=-5 -c xmloption=document";
        let mut session = open_with(&dsn, &[("PGOPTIONS", options)]).unwrap();
        assert_eq!(session.version().major(), u32::from(major));
        for (setting, expected) in [
            ("search_path", "pg_catalog, pg_temp"),
            ("row_security", "off"),
            ("datestyle", "ISO, MDY"),
            ("default_transaction_read_only", "off"),
            ("standard_conforming_strings", "on"),
            ("quote_all_identifiers", "off"),
            ("statement_timeout", "0"),
            ("timezone", "UTC"),
            ("intervalstyle", "postgres"),
            ("bytea_output", "hex"),
            ("extra_float_digits", "1"),
            ("xmloption", "content"),
            ("application_name", "pgseal-agent"),
            ("role", "none"),
        ] {
            let rows = session.rows(&format!("SHOW {setting}")).unwrap();
            assert_eq!(rows[0].column(0), Some(expected), "{setting} on {major}");
        }
        session.close().unwrap();
        // the millisecond is for everybody there
        server.connect("postgres").batch_execute(&format!("ALTER DATABASE {name} RESET ALL")).unwrap();
        database.batch(&format!("DROP OWNED BY hostile_{name}; DROP ROLE hostile_{name}, hostile_group_{name}"));
    }
}

#[test]
fn statements_run_one_at_a_time_and_errors_are_told_apart() {
    for major in MAJORS {
        let database = Server::shared(major).scratch();
        let mut session = open_with(&database.dsn(), &[]).unwrap();
        let several = session.execute("CREATE SCHEMA a; CREATE SCHEMA b").unwrap_err();
        assert_eq!(several.sqlstate(), Some("42601"));
        assert_eq!(session.execute("CREATE TABLE public.t (a int, b text)").unwrap(), 0);
        assert_eq!(session.execute("INSERT INTO public.t VALUES (1, 'x'), (2, NULL)").unwrap(), 2);
        let rows = session.query_text("SELECT a::text, b FROM public.t WHERE a = $1::int", &["2"]).unwrap();
        assert_eq!(rows[0].columns(), [Some("2".to_owned()), None]);
        assert_eq!((rows[0].column(1), rows[0].column(2)), (None, None));
        let misread = session.query_text("SELECT a FROM public.t", &[]).unwrap_err();
        let unsent = session.execute("SELECT '\0'").unwrap_err();
        assert!(!misread.is_lost() && !unsent.is_lost(), "{misread:?} {unsent:?}");
        session.drain_notices();
        session.execute("DROP TABLE IF EXISTS public.none").unwrap();
        let notices = session.drain_notices();
        assert_eq!((notices.len(), notices[0].sqlstate.as_str()), (1, "00000"), "{notices:?}");
        // A lock held by another session.
        let mut holder = database.connect();
        holder.batch_execute("BEGIN; LOCK TABLE public.t").unwrap();
        session.simple("BEGIN; SET LOCAL lock_timeout = '50ms'").unwrap();
        let timeout = session.execute("DROP TABLE public.t").unwrap_err();
        assert!(timeout.is_lock_timeout() && !timeout.is_lost(), "{timeout:?}");
        session.simple("ROLLBACK").unwrap();
        holder.batch_execute("ROLLBACK").unwrap();
        // A cancel request from elsewhere.
        is_cancelled_from_elsewhere(&mut session);
        assert!(!session.is_closed());
        // The session lives, whatever SQLSTATE somebody chooses.
        let raise = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P01'; END $$";
        let raised = session.execute(raise).unwrap_err();
        assert!(!raised.is_lost() && raised.sqlstate() == Some("57P01"), "{raised:?}");
        // The backend is terminated under us.
        let pid = session.backend_pid();
        holder.batch_execute(&format!("SELECT pg_terminate_backend({pid})")).unwrap();
        let lost = session.execute("SELECT 1").unwrap_err();
        assert!(lost.is_lost(), "{lost:?}");
        assert!(session.execute("SELECT 1").unwrap_err().is_lost());
    }
}

#[test]
fn a_killed_server_is_a_lost_connection() {
    let server = Server::start(&Options::new(18));
    let dsn = format!("host={} user=postgres", server.host());
    let mut session = open_with(&dsn, &[]).unwrap();
    server.stop_immediate();
    assert!(session.execute("SELECT 1").unwrap_err().is_lost());
    let refused = open_with(&dsn, &[]).unwrap_err();
    assert_eq!((refused.code(), refused.exit_code().number()), ("C0110", 1));
    assert!(!refused.to_string().contains("lost"), "{refused}");
}

#[test]
fn servers_of_other_majors_are_refused() {
    for (number, expected) in [("130021", "13.21"), ("190000", "19.0"), ("90624", "9.624"), ("x", "unknown")] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || pretend(&listener, number));
        let dsn = format!("host=127.0.0.1 port={port} user=u sslmode=disable");
        let error = open_with(&dsn, &[]).unwrap_err();
        assert_eq!(error.code(), "C0111");
        assert!(error.to_string().contains(expected), "{error}");
        server.join().unwrap();
    }
}

/// Lets one client in, takes a setting, and answers the query after it with one row of one column.
fn pretend(listener: &TcpListener, version: &str) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut startup = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
    stream.read_exact(&mut startup).unwrap();
    let message = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    };
    let hello = [message(b'R', &0u32.to_be_bytes()), message(b'Z', b"I")].concat();
    stream.write_all(&hello).unwrap();
    let mut query = [0; 256];
    assert!(stream.read(&mut query).unwrap() > 0);
    stream.write_all(&[message(b'C', b"SET\0"), message(b'Z', b"I")].concat()).unwrap();
    assert!(stream.read(&mut query).unwrap() > 0);
    let column = [&b"v\0"[..], &[0; 6], &25u32.to_be_bytes(), &(-1i16).to_be_bytes(), &[0xff; 4], &[0; 2]].concat();
    let width = u32::try_from(version.len()).unwrap().to_be_bytes();
    let answer = [
        message(b'T', &[&1u16.to_be_bytes()[..], &column].concat()),
        message(b'D', &[&1u16.to_be_bytes()[..], &width, version.as_bytes()].concat()),
        message(b'C', b"SHOW\0"),
        message(b'Z', b"I"),
    ]
    .concat();
    stream.write_all(&answer).unwrap();
    // Until the client goes away.
    let _ = stream.read(&mut query);
}

fn write_private(path: &Path, text: &str) {
    write_mode(path, text, 0o600);
}

fn write_mode(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
