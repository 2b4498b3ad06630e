//! TLS as `libpq` has it: what an address wants, and who is believed.

use crate::error::{Error, ErrorCode, Result};

/// What an address says of encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Never.
    Disable,
    /// Where the server has it; nobody is checked.
    #[default]
    Prefer,
    /// Always; the server is checked only where certificates are given.
    Require,
    /// Always, and the server has a certificate of somebody who is trusted.
    VerifyCa,
    /// The same, for the name that it was called by.
    VerifyFull,
}

impl Mode {
    pub(super) fn read(text: &str) -> Result<Self> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                let message = "`sslmode` is disable, prefer, require, verify-ca or verify-full";
                return Err(refused(message, "sslmode"));
            }
        })
    }
}

fn refused(message: &str, field: &'static str) -> Error {
    Error::new(ErrorCode::StoreAddress, message).field(field)
}

#[cfg(not(feature = "postgres-tls"))]
pub(super) type Tls = tokio_postgres::NoTls;

/// Without the feature only what needs no TLS can be done.
#[cfg(not(feature = "postgres-tls"))]
pub(super) fn connector(mode: Mode, _roots: Option<&str>) -> Result<Option<Tls>> {
    match mode {
        Mode::Disable | Mode::Prefer => Ok(None),
        _ => Err(refused("this build speaks no TLS: switch the feature `postgres-tls` on, or use a tunnel", "sslmode")),
    }
}

#[cfg(feature = "postgres-tls")]
pub(super) use with_rustls::{Tls, connector};

#[cfg(feature = "postgres-tls")]
mod with_rustls {
    use super::{Mode, refused};
    use crate::error::{Error, ErrorCode, Result};
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
    use std::sync::Arc;

    pub(in super::super) type Tls = tokio_postgres_rustls::MakeRustlsConnect;

    /// What makes TLS of a socket; none where it is not wanted.
    pub(in super::super) fn connector(mode: Mode, roots: Option<&str>) -> Result<Option<Tls>> {
        let verifier: Arc<dyn ServerCertVerifier> = match (mode, roots) {
            (Mode::Disable, _) => return Ok(None),
            (Mode::VerifyCa | Mode::VerifyFull, None) => {
                let message = "to check the server, `sslrootcert` names a file of trusted certificates, or is `system`";
                return Err(refused(message, "sslrootcert"));
            }
            // A certificate of the whole world says nothing without the name in it.
            (Mode::Prefer | Mode::Require | Mode::VerifyCa, Some("system")) => {
                return Err(refused("`sslrootcert=system` goes with `sslmode=verify-full`", "sslmode"));
            }
            (Mode::Prefer, _) | (Mode::Require, None) => Arc::new(Lenient { chain: None, provider: provider() }),
            (Mode::Require | Mode::VerifyCa, Some(roots)) => {
                Arc::new(Lenient { chain: Some(strict(roots)?), provider: provider() })
            }
            (Mode::VerifyFull, Some(roots)) => strict(roots)?,
        };
        let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = config.map_err(|error| Error::internal("no version of TLS").caused_by(error))?;
        let config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        Ok(Some(Tls::new(config)))
    }

    fn provider() -> Arc<CryptoProvider> {
        Arc::new(ring::default_provider())
    }

    /// Believes who is signed by one of these, for the name that it was called by.
    fn strict(roots: &str) -> Result<Arc<WebPkiServerVerifier>> {
        let unusable = |error: &dyn std::fmt::Display| {
            refused(&format!("the certificates of `sslrootcert` cannot be used: {error}"), "sslrootcert")
        };
        let mut store = RootCertStore::empty();
        if roots == "system" {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        } else {
            let certificates = CertificateDer::pem_file_iter(roots).map_err(|error| unusable(&error))?;
            for certificate in certificates {
                store.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
            }
        }
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build();
        built.map_err(|error| Error::new(ErrorCode::StoreAddress, unusable(&error).message()).field("sslrootcert"))
    }

    /// Believes whoever is signed by one of the certificates, under any name; or everybody, where there are none.
    #[derive(Debug)]
    struct Lenient {
        chain: Option<Arc<WebPkiServerVerifier>>,
        provider: Arc<CryptoProvider>,
    }

    impl ServerCertVerifier for Lenient {
        fn verify_server_cert(
            &self,
            end_entity: &CertificateDer<'_>,
            intermediates: &[CertificateDer<'_>],
            server_name: &ServerName<'_>,
            ocsp_response: &[u8],
            now: UnixTime,
        ) -> std::result::Result<ServerCertVerified, rustls::Error> {
            let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
            match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                // The name is looked at last, after who has signed it, and until when.
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                verdict => verdict,
            }
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    }
}
