//! A real mutual TLS handshake on loopback: the bank accepts only our certificate, and we accept
//! only its authority.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

use super::bank::{hasty, payment};
use crate::client::{ClientOptions, PspClient};
use crate::credentials::Credentials;
use crate::error::{PixError, UnknownCause};
use crate::identity::{ClientIdentity, TrustedRoots};
use crate::profile::BankProfile;

const AUTHORITY: &[u8] = include_bytes!("../../../fixtures/tls/ca.pem");
const SERVER: &[u8] = include_bytes!("../../../fixtures/tls/server.pem");
const CLIENT_P12: &[u8] = include_bytes!("../../../fixtures/tls/client.p12");

/// Serves one fixed answer per connection to whoever shows a certificate of the authority.
async fn strict_bank() -> String {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(SERVER).unwrap()],
            PrivateKeyDer::from_pem_slice(SERVER).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                let mut head = [0_u8; 4096];
                let Ok(read) = stream.read(&mut head).await else { return };
                let token = head[..read].starts_with(b"POST");
                let (status, body) = if token {
                    ("200 OK", r#"{"access_token":"t","expires_in":60}"#)
                } else {
                    ("404 Not Found", "")
                };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.shutdown().await);
            });
        }
    });
    origin
}

fn client(origin: &str, credentials: Credentials, roots: TrustedRoots) -> PspClient {
    let profile = BankProfile::custom(&format!("{origin}/v2"), &format!("{origin}/oauth/token"));
    let options = ClientOptions {
        roots,
        attempts_max: 1,
        request_timeout: std::time::Duration::from_secs(5),
        ..hasty()
    };
    PspClient::new(profile, credentials, options).unwrap()
}

#[tokio::test]
async fn the_certificate_opens_the_door_and_nothing_else_does() {
    let origin = strict_bank().await;
    let ours = || TrustedRoots::Only(AUTHORITY.to_vec());
    let plain = || Credentials::new("id", "secret");
    let identity = ClientIdentity::from_pkcs12(CLIENT_P12, "quita-test").unwrap();

    let known = client(&origin, plain().with_identity(identity.clone()), ours());
    let outcome = known.get_pix(&payment()).await;
    assert!(matches!(outcome, Err(PixError::NotFound)), "the bank answered: {outcome:?}");

    for stranger in [
        client(&origin, plain(), ours()),
        client(&origin, plain().with_identity(identity), TrustedRoots::System),
    ] {
        let outcome = stranger.get_pix(&payment()).await;
        let shut =
            matches!(outcome, Err(PixError::Unknown { source: UnknownCause::Connection(_) }));
        assert!(shut, "{outcome:?}");
        assert_eq!(stranger.calls(), 0);
    }
}
