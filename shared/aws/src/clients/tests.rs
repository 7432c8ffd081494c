use std::io::{Read, Write};
use std::net::TcpListener;

use quita_table::dynamo::{BatchGetItemRequest, Dynamo};

use super::*;
use crate::dynamo::DynamoDb;
use crate::replay::settings;

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
async fn a_service_on_this_machine_is_reached_over_plain_http() {
    let (endpoint, served) = serve_once();
    let told = settings(&[
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
        ("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:1"),
        ("AWS_SESSION_TOKEN", "the-session"),
    ]);
    let table = DynamoDb::new(&Clients::new(&told).unwrap());

    let request = BatchGetItemRequest::new("quita", Vec::new());
    table.batch_get_item(request).await.unwrap();

    let request = served.join().unwrap();
    assert!(request.contains("DynamoDB_20120810.BatchGetItem"), "{request}");
    assert!(request.contains("/sa-east-1/dynamodb/aws4_request"), "{request}");
    assert!(request.contains("x-amz-security-token: the-session"), "{request}");
}
