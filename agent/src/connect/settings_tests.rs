//! Precedence, defaults, and what is refused.
#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::new(variables, None, Some("osuser"))
}

fn dsn(text: &str) -> ConnectionArgs {
    ConnectionArgs { dsn: Some(text.to_owned()), ..ConnectionArgs::default() }
}

fn resolve(text: &str, variables: &[(&str, &str)]) -> Result<Settings, ConnectError> {
    Settings::resolve(&dsn(text), &environment(variables))
}

fn code(text: &str, variables: &[(&str, &str)]) -> &'static str {
    resolve(text, variables).map_or_else(|error| error.code(), |_| "resolved")
}

fn tcp(name: &str) -> Host {
    Host::Tcp { name: name.to_owned(), address: None }
}

#[test]
fn defaults_are_libpqs_but_for_sslmode() {
    let settings = resolve("", &[]).unwrap();
    assert_eq!((settings.port, settings.user.as_str(), settings.database.as_str()), (5432, "osuser", "osuser"));
    assert!(settings.host.is_local());
    assert_eq!(settings.application_name, "pgseal-agent");
    assert!(settings.password.is_none());
    assert_eq!(resolve("user=u", &[]).unwrap().database, "u");
    let nobody = Environment::new(&[], None, None);
    assert_eq!(Settings::resolve(&dsn(""), &nobody).unwrap_err().code(), "C0108");
}

#[test]
fn tls_is_verified_by_default_off_this_machine() {
    for (text, mode) in [
        ("host=db.example", SslMode::VerifyFull),
        ("host=192.0.2.1", SslMode::VerifyFull),
        ("hostaddr=192.0.2.1", SslMode::VerifyFull),
        ("host=localhost hostaddr=192.0.2.1", SslMode::VerifyFull),
        ("host=localhost.example", SslMode::VerifyFull),
        ("host=localhost", SslMode::Prefer),
        ("host=127.0.0.1", SslMode::Prefer),
        ("host=127.3.2.1", SslMode::Prefer),
        ("host=::1", SslMode::Prefer),
        ("hostaddr=::1", SslMode::Prefer),
        ("host=/run/pg", SslMode::Prefer),
        ("host=db.example sslmode=disable", SslMode::Disable),
        ("host=db.example sslmode=allow", SslMode::Allow),
        ("host=db.example sslmode=require", SslMode::Require),
        ("host=db.example sslmode=verify-ca", SslMode::VerifyCa),
        ("host=localhost sslmode=verify-full", SslMode::VerifyFull),
        ("host=localhost sslrootcert=system", SslMode::VerifyFull),
    ] {
        assert_eq!(resolve(text, &[]).unwrap().ssl_mode, mode, "{text}");
    }
}

#[test]
fn flags_come_before_dsn_service_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".pg_service.conf"), "[s]\nhost=service\nport=2\nuser=service\n").unwrap();
    let environment = Environment::new(
        &[("PGHOST", "env"), ("PGPORT", "1"), ("PGUSER", "env"), ("PGDATABASE", "env"), ("PGAPPNAME", "env")],
        Some(folder.path()),
        Some("osuser"),
    );
    let args = ConnectionArgs { host: Some("flag".to_owned()), ..dsn("host=dsn port=3 service=s") };
    let settings = Settings::resolve(&args, &environment).unwrap();
    assert_eq!(settings.host, tcp("flag"));
    assert_eq!((settings.port, settings.user.as_str()), (3, "service"));
    assert_eq!((settings.database.as_str(), settings.application_name.as_str()), ("env", "env"));
    assert_eq!(code("service=none", &[("PGHOST", "h")]), "C0106");
    assert_eq!(code("", &[("PGSERVICE", "none")]), "C0106");
}

#[test]
fn a_later_pair_of_one_string_and_an_empty_value_count_as_in_libpq() {
    assert_eq!(resolve("host=a host=b", &[]).unwrap().host, tcp("b"));
    // The default then, not what would come after it.
    assert!(resolve("host=''", &[("PGHOST", "env")]).unwrap().host.is_local());
    assert_eq!(resolve("port=''", &[("PGPORT", "1")]).unwrap().port, 5432);
    assert_eq!(resolve("dbname=", &[("PGDATABASE", "env")]).unwrap().database, "osuser");
    assert!(resolve("password=", &[("PGPASSWORD", "x")]).is_err());
    let flag = ConnectionArgs { host: Some(String::new()), ..dsn("host=dsn") };
    assert_eq!(Settings::resolve(&flag, &environment(&[])).unwrap().host, tcp("dsn"));
    assert_eq!(resolve("", &[("PGPORT", "")]).unwrap().port, 5432);
}

#[test]
fn passwords_are_never_arguments_and_never_shown() {
    assert_eq!(code("password=secret", &[]), "C0102");
    assert_eq!(code("postgresql://u:secret@h/d", &[]), "C0102");
    assert_eq!(code("postgresql://h/d?password=secret", &[]), "C0102");
    let settings = resolve("host=h", &[("PGPASSWORD", "secret")]).unwrap();
    assert_eq!(settings.password.as_ref().unwrap().as_str(), "secret");
    assert!(!format!("{settings:?} {settings}").contains("secret"));
    assert!(!format!("{:?}", environment(&[("PGPASSWORD", "secret")])).contains("secret"));
}

#[test]
fn the_password_file_is_read_by_host_port_database_and_user() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".pgpass");
    std::fs::write(&file, "h:*:*:*:tcp\nlocalhost:*:*:*:socket\n/run/own:*:*:*:own\n").unwrap();
    let mode = |bits| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(bits)).unwrap();
    mode(0o600);
    let home = Environment::new(&[], Some(folder.path()), Some("u"));
    let password = |text: &str| {
        let settings = Settings::resolve(&dsn(text), &home).unwrap();
        settings.password.map(|password| password.to_string())
    };
    assert_eq!(password("host=h").as_deref(), Some("tcp"));
    assert_eq!(password("host=/tmp").as_deref(), Some("socket"));
    assert_eq!(password("host=localhost").as_deref(), Some("socket"));
    assert_eq!(password("host=/run/own").as_deref(), Some("own"));
    assert_eq!(password("host=other"), None);
    assert_eq!(password("host=h passfile=/nonexistent"), None);
    let named = Environment::new(&[("PGPASSFILE", file.to_str().unwrap())], None, Some("u"));
    assert!(Settings::resolve(&dsn("host=h"), &named).unwrap().password.is_some());
    mode(0o644);
    assert_eq!(Settings::resolve(&dsn("host=h"), &home).unwrap_err().code(), "K0401");
    // A password from elsewhere makes the file irrelevant.
    let given = Environment::new(&[("PGPASSWORD", "x")], Some(folder.path()), Some("u"));
    assert!(Settings::resolve(&dsn("host=h"), &given).is_ok());
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for text in [
        "port=0",
        "port=-1",
        "port=65536",
        "port=x",
        "port=1,2",
        "hostaddr=db.example",
        "sslmode=on",
        "sslmode=VERIFY-FULL",
        "channel_binding=yes",
        "connect_timeout=x",
        "connect_timeout=''",
        "keepalives=on",
        "keepalives_idle=1s",
        "tcp_user_timeout=''",
        "sslmode=''",
        "sslnegotiation='' sslmode=require",
        "sslmode=require sslrootcert=system",
        "sslnegotiation=direct sslmode=prefer",
        "host=localhost sslnegotiation=direct",
        "sslnegotiation=x sslmode=require",
    ] {
        assert_eq!(code(text, &[]), "C0105", "{text}");
    }
    assert_eq!(code("", &[("PGSSLMODE", "on")]), "C0105");
    assert_eq!(code("host=h sslrootcert=system", &[]), "resolved");
    assert_eq!(code("host=h sslnegotiation=direct", &[]), "resolved");
}

#[test]
fn what_cannot_be_obeyed_is_refused_by_name() {
    for text in [
        "host=a,b",
        "hostaddr=127.0.0.1,127.0.0.2",
        "host=@abstract",
        "target_session_attrs=read-write",
        "load_balance_hosts=random",
        "gssencmode=require",
        "client_encoding=LATIN1",
        "replication=database",
        "sslcrl=x",
        "require_auth=none",
        "requirepeer=postgres",
        "ssl_min_protocol_version=TLSv1.3",
    ] {
        assert_eq!(code(text, &[]), "C0104", "{text}");
    }
    for variable in ["PGREQUIRESSL", "PGREQUIREAUTH", "PGSSLCRL", "PGSSLMINPROTOCOLVERSION"] {
        assert_eq!(code("", &[(variable, "1")]), "C0104", "{variable}");
    }
    assert_eq!(code("hots=a", &[]), "C0103");
    assert_eq!(code("postgresql://h/d?x=y", &[]), "C0103");
    for text in
        ["target_session_attrs=any", "gssencmode=disable", "client_encoding=UTF8", "fallback_application_name=x"]
    {
        assert_eq!(code(text, &[]), "resolved", "{text}");
    }
}

#[test]
fn timeouts_are_libpqs() {
    let timeout = |text: &str| resolve(text, &[]).unwrap().connect_timeout.map(|timeout| timeout.as_secs());
    assert_eq!(timeout(""), Some(30));
    assert_eq!(timeout("connect_timeout=5"), Some(5));
    assert_eq!(timeout("connect_timeout=0"), None);
    assert_eq!(timeout("connect_timeout=-1"), None);
    let variable = resolve("", &[("PGCONNECT_TIMEOUT", "7")]).unwrap();
    assert_eq!(variable.connect_timeout, Some(Duration::from_secs(7)));
}

#[test]
fn a_silent_network_is_noticed() {
    let found = |text: &str| {
        let settings = resolve(text, &[]).unwrap();
        let keepalive = settings.keepalive.map(|keepalive| {
            let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
            (seconds(keepalive.idle), seconds(keepalive.interval), keepalive.count)
        });
        (keepalive, settings.user_timeout.map(|time| time.as_millis()))
    };
    assert_eq!(found(""), (Some((Some(30), Some(10), Some(3))), Some(60_000)));
    assert_eq!(found("keepalives=0"), (None, Some(60_000)));
    assert_eq!(
        found("keepalives=1 keepalives_idle=5 keepalives_interval=6 keepalives_count=7 tcp_user_timeout=8"),
        (Some((Some(5), Some(6), Some(7))), Some(8))
    );
    assert_eq!(
        found("keepalives_idle=0 keepalives_interval=-1 keepalives_count=0 tcp_user_timeout=0"),
        (Some((None, None, None)), None)
    );
}

#[test]
fn a_piece_of_a_password_in_a_uri_is_not_shown() {
    for text in [
        "postgresql://u:s3cret/x@h/db",
        "postgresql://u:1/s3cret@h/db",
        "postgresql://u:a?s3cret=x@h/db",
        "postgresql://u:s3cret/db",
        "postgresql://u:s3cret@h/db",
        "postgresql://h?sslmode=s3cret",
        "postgresql://h?target_session_attrs=s3cret",
        "postgresql://s3cret,x/db",
        "dbname=postgresql://u:s3cret@h/db",
    ] {
        let error = resolve(text, &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}: {error}");
    }
    for name in ["postgres://u:s3cret@h/db", "host=h password=s3cret"] {
        let args = ConnectionArgs { db: Some(name.to_owned()), ..ConnectionArgs::default() };
        let error = Settings::resolve(&args, &environment(&[])).unwrap_err();
        assert_eq!(error.code(), "C0101");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
    assert_eq!(resolve("postgresql://u@h/a%40b?user=x%40y", &[]).unwrap().database, "a@b");
}

#[test]
fn root_certificates_and_identities_are_found_in_the_home_folder() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join(".postgresql");
    std::fs::create_dir(&own).unwrap();
    let resolved =
        |text: &str| Settings::resolve(&dsn(text), &Environment::new(&[], Some(folder.path()), Some("u"))).unwrap();
    assert_eq!(resolved("host=h").roots, None);
    assert_eq!(resolved("host=h").identity, None);
    std::fs::write(own.join("root.crt"), "").unwrap();
    std::fs::write(own.join("postgresql.crt"), "").unwrap();
    assert_eq!(resolved("host=h").roots, Some(Roots::File(own.join("root.crt"))));
    assert_eq!(resolved("host=h sslrootcert=system").roots, Some(Roots::System));
    assert_eq!(resolved("host=h sslrootcert=/r").roots, Some(Roots::File(PathBuf::from("/r"))));
    let identity = resolved("host=h sslkey=/k").identity.unwrap();
    assert_eq!((identity.certificate, identity.key), (own.join("postgresql.crt"), PathBuf::from("/k")));
    assert_eq!(resolved("host=h sslcert=/c").identity.unwrap().key, own.join("postgresql.key"));
}
