use std::io::{Read, Write};
use std::net::TcpListener;

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use super::*;
use crate::env::Messages;

/// SHA-256 of each root's public key. Source: <https://www.amazontrust.com/repository/>.
const PUBLISHED: [(&str, &str); 5] = [
    ("Amazon Root CA 1", "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2"),
    ("Amazon Root CA 2", "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461"),
    ("Amazon Root CA 3", "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9"),
    ("Amazon Root CA 4", "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5"),
    (
        "Starfield Services Root Certificate Authority - G2",
        "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
    ),
];

#[test]
fn trusted_roots_are_the_ones_amazon_publishes() {
    let mut store = RootCertStore::empty();
    for (pem, (name, _)) in TRUSTED_ROOTS.iter().zip(PUBLISHED) {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).expect(name);
        store.add(certificate).expect(name);
    }
    let roots: Vec<_> =
        store.roots.iter().map(|root| root.subject_public_key_info.to_vec()).collect();
    let found: Vec<_> = roots.iter().map(|inner| public_key_hash(inner)).collect();
    assert_eq!(found, PUBLISHED.map(|(_, hash)| hash.to_owned()));
}

/// A trust anchor keeps the inside of the SEQUENCE that the published hash covers.
fn public_key_hash(inner: &[u8]) -> String {
    let mut der = match inner.len() {
        length @ ..=0x7f => vec![0x30, u8::try_from(length).unwrap()],
        length @ ..=0xff => vec![0x30, 0x81, u8::try_from(length).unwrap()],
        length => {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            vec![0x30, 0x82, high, low]
        }
    };
    der.extend_from_slice(inner);
    Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers one request with an empty object and hands over what it read.
fn serve_once() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"}") {
            let read = stream.read(&mut buffer).unwrap();
            assert_ne!(read, 0, "the request ended early");
            request.extend_from_slice(&buffer[..read]);
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (endpoint, served)
}

#[tokio::test]
async fn dynamodb_on_this_machine_is_reached_over_plain_http() {
    let (endpoint, served) = serve_once();
    let settings = Settings::read(Messages::NotSent, |name| match name {
        "QUITA_PUBLIC_URL" => Some("https://pay.example.com".to_owned()),
        "QUITA_DYNAMODB_ENDPOINT" => Some(endpoint.clone()),
        "AWS_REGION" => Some("sa-east-1".to_owned()),
        _ => Some("x".to_owned()),
    });
    let settings = settings.unwrap();
    let credentials = Credentials::new("key", "secret", None, None, "test");
    let sdk = loader(http_client(), &settings.region)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .load()
        .await;
    let clients = Clients::over(sdk, settings.dynamodb_endpoint.as_ref());

    clients.dynamodb.list_tables().send().await.unwrap();

    let request = served.join().unwrap();
    assert!(request.contains("DynamoDB_20120810.ListTables"), "{request}");
    assert!(request.contains("/sa-east-1/dynamodb/aws4_request"), "{request}");
}
