use std::io::{Read, Write};
use std::net::TcpListener;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use super::*;

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
    for (der, (name, _)) in TRUSTED_ROOTS.iter().zip(PUBLISHED) {
        let certificate = CertificateDer::from_slice(der);
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

/// A server that does one thing with its only connection.
fn serve(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
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
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (endpoint, served)
}

async fn asked(endpoint: &str) -> Result<Answer, Broken> {
    let request = Request::builder()
        .method("POST")
        .uri(format!("{endpoint}/v2/email?a=b%2Fc"))
        .header("x-amz-target", "Table.Get")
        .body("{}".into());
    Http::new().unwrap().exchange(request.unwrap()).await
}

#[tokio::test]
async fn a_request_arrives_as_it_was_signed_and_its_answer_whole() {
    let (endpoint, served) = serve(
        "HTTP/1.1 400 Bad Request\r\nx-amzn-requestid: r1\r\ncontent-length: 5\r\n\r\n{\"a\"}",
    );
    let answer = asked(&endpoint).await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("x-amzn-requestid"), "r1");
    assert_eq!(answer.header("x-amzn-errortype"), "");
    assert_eq!(answer.body, "{\"a\"}");
    let request = served.join().unwrap();
    assert!(request.starts_with("POST /v2/email?a=b%2Fc HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("x-amz-target: Table.Get\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{}"), "{request}");
}

#[tokio::test]
async fn half_an_answer_is_a_broken_connection_and_no_answer() {
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{"] {
        let (endpoint, served) = serve(answer);
        let error = asked(&endpoint).await.unwrap_err();
        served.join().unwrap();
        assert!(matches!(error, Broken::Lost(_)), "{answer:?}: {error:?}");
        // It is told to people, so it must not quote an address.
        assert!(!error.to_string().contains(&endpoint), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_taken_for_one_that_may_have_read_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(asked(&endpoint).await.unwrap_err(), Broken::NotSent(_)));
}
