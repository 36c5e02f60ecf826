//! What each `sslmode` means for rustls.
//!
//! `verify-full` checks chain and host name, against the system's roots where no file is there (libpq wants a file then, or
//! `sslrootcert=system`). `verify-ca` checks the chain alone, so it never takes the roots of authorities who sign for everybody. The
//! others check nothing, unless a root certificate file is there, in which case they check the chain as libpq does. The handshake's
//! own signatures are always checked. A name in the certificate's common name alone does not count.

use std::path::Path;
use std::sync::Arc;

use pgseal_keys::files::{self, Guard};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::Roots;
use super::{ConnectError, Host, Settings, SslMode};

/// The largest certificate or key file that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

fn failed(detail: impl std::fmt::Display) -> ConnectError {
    ConnectError::Tls { detail: detail.to_string() }
}

/// Whether there is no TLS, so that no file is looked at, as with libpq: what lies at the usual places may be for other servers.
fn is_without(settings: &Settings) -> bool {
    matches!(settings.host, Host::Unix(_)) || settings.ssl_mode == SslMode::Disable
}

/// Makes the connector for these settings.
pub(super) fn connector(settings: &Settings) -> Result<MakeRustlsConnect, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(failed)?;
    let verifier = verifier(settings, provider)?;
    // Every verifier of this module checks what the mode asks for, which rustls calls dangerous to choose.
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = with_identity(settings, builder)?;
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(settings: &Settings, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, ConnectError> {
    let roots = match &settings.roots {
        _ if is_without(settings) => return Ok(Arc::new(AnyCertificate { provider })),
        Some(Roots::File(path)) => roots_of_file(path)?,
        Some(Roots::System) => roots_of_system()?,
        None if settings.ssl_mode == SslMode::VerifyFull => roots_of_system()?,
        None if settings.ssl_mode == SslMode::VerifyCa => return Err(ConnectError::NoRoots),
        None => return Ok(Arc::new(AnyCertificate { provider })),
    };
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(failed)?;
    if settings.ssl_mode == SslMode::VerifyFull {
        return Ok(chain);
    }
    Ok(Arc::new(AnyName { chain }))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let pem = files::read(path, Guard::Trusted, MAX_BYTES)?;
    let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match list {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err(failed(format!("file \"{}\" holds no PEM certificate", path.display()))),
        Err(error) => Err(failed(format!("file \"{}\": {error}", path.display()))),
    }
}

fn roots_of_file(path: &Path) -> Result<RootCertStore, ConnectError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| failed(format!("file \"{}\": {error}", path.display())))?;
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, ConnectError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(failed("the operating system has no root certificates; name a file with --sslrootcert"));
    }
    Ok(roots)
}

fn with_identity(
    settings: &Settings,
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
) -> Result<ClientConfig, ConnectError> {
    let Some(identity) = settings.identity.as_ref().filter(|_| !is_without(settings)) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(&identity.certificate)?;
    let pem = files::read(&identity.key, Guard::Private, MAX_BYTES)?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| failed(format!("file \"{}\" holds no plain PEM private key", identity.key.display())))?;
    builder.with_client_auth_cert(chain, key).map_err(failed)
}

/// Accepts any certificate: `require`, `prefer` and `allow` without roots only keep listeners out.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Checks the chain, and forgives nothing but the name: `verify-ca`.
#[derive(Debug)]
struct AnyName {
    chain: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The name is the last thing that the chain's verifier looks at.
        match self.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
