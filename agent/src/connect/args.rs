//! The connection flags, the same for every command of the agent.

use std::path::PathBuf;

use clap::Args;

/// How to reach the database. What is not given comes from `--dsn`, the service file, the environment
/// (`PGHOST` …) and libpq's defaults, in this order.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Connection string ("host=… dbname=…" or "postgresql://…"), without a password
    #[arg(long, value_name = "STRING")]
    pub dsn: Option<String>,
    /// Host name, address, or folder of the unix socket
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Port
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    /// Database name
    #[arg(long, visible_alias = "dbname", value_name = "NAME")]
    pub db: Option<String>,
    /// User name
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Role to act as, such as the owner of what a plan changes; the user has to be a member [default: the user]
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,
    /// disable, allow, prefer, require, verify-ca or verify-full
    #[arg(long, value_name = "MODE")]
    pub sslmode: Option<String>,
    /// Trusted root certificates (PEM), or "system" (verify-full only) [default: ~/.postgresql/root.crt]
    #[arg(long, value_name = "FILE")]
    pub sslrootcert: Option<String>,
    /// Client certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub sslcert: Option<String>,
    /// Client key (PEM, not encrypted)
    #[arg(long, value_name = "FILE")]
    pub sslkey: Option<String>,
    /// disable, prefer or require
    #[arg(long, value_name = "MODE")]
    pub channel_binding: Option<String>,
    /// Service of the connection service file
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Password file in place of ~/.pgpass
    #[arg(long, value_name = "FILE")]
    pub passfile: Option<PathBuf>,
    /// How long it may take to get a session, at each address of the host, in seconds; 0 for ever [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub connect_timeout: Option<String>,
}

impl ConnectionArgs {
    /// The flags that were given, as flag, libpq's option and value.
    pub(super) fn given(&self) -> Vec<(&'static str, &'static str, String)> {
        let passfile = self.passfile.as_ref().map(|path| path.display().to_string());
        let flags = [
            ("--host", "host", &self.host),
            ("--port", "port", &self.port),
            ("--db", "dbname", &self.db),
            ("--user", "user", &self.user),
            ("--sslmode", "sslmode", &self.sslmode),
            ("--sslrootcert", "sslrootcert", &self.sslrootcert),
            ("--sslcert", "sslcert", &self.sslcert),
            ("--sslkey", "sslkey", &self.sslkey),
            ("--channel-binding", "channel_binding", &self.channel_binding),
            ("--service", "service", &self.service),
            ("--passfile", "passfile", &passfile),
            ("--connect-timeout", "connect_timeout", &self.connect_timeout),
        ];
        flags.into_iter().filter_map(|(flag, option, value)| Some((flag, option, value.clone()?))).collect()
    }
}
