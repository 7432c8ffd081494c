use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::*;
use crate::raw_http::{Raw, ask};

fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> Raw {
    let rest = url.strip_prefix("http://").unwrap();
    let (address, path) = rest.split_once('/').unwrap();
    ask(address, "POST", &format!("/{path}"), headers, &body.to_string())
}

fn template() -> Value {
    json!({
        "messaging_product": "whatsapp",
        "to": "+5511987654321",
        "type": "template",
        "template": { "name": "due_today", "language": { "code": "pt_BR" } },
        "biz_opaque_callback_data": "inv-1",
    })
}

const TOKEN: (&str, &str) = ("authorization", "Bearer t");

fn whatsapp(api: &WhatsAppCloud, token: (&str, &str), body: &Value) -> (u16, Value) {
    let raw = post(&format!("{}/106/messages", api.url()), &[token], body);
    (raw.status, serde_json::from_str(&raw.body).unwrap())
}

#[test]
fn a_whatsapp_message_is_taken_with_its_id() {
    let api = WhatsAppCloud::start("t").unwrap();
    let (status, answer) = whatsapp(&api, TOKEN, &template());
    assert_eq!((status, &answer["messages"][0]["id"]), (200, &json!("wamid.1")));
    assert_eq!(answer["contacts"][0]["wa_id"], "5511987654321");
    let sent = api.sent();
    assert_eq!((sent[0].phone_number_id.as_str(), &sent[0].body), ("106", &template()));
}

#[test]
fn a_whatsapp_message_of_the_wrong_form_is_refused() {
    let api = WhatsAppCloud::start("t").unwrap();
    let check = |token: (&str, &str), body: Value, code: u32| {
        let (_, answer) = whatsapp(&api, token, &body);
        assert_eq!(answer["error"]["code"], code, "{body}");
    };
    check(("authorization", "Bearer u"), template(), 190);
    for field in ["messaging_product", "to", "type", "template"] {
        let mut body = template();
        body.as_object_mut().unwrap().remove(field);
        check(TOKEN, body, 100);
    }
    let mut long = template();
    long["biz_opaque_callback_data"] = json!("x".repeat(513));
    check(TOKEN, long, 100);
    assert!(api.sent().is_empty());
}

#[test]
fn a_planned_error_takes_a_message_only_where_it_says_so() {
    let api = WhatsAppCloud::start("t").unwrap();
    let check = |trouble, status, code: u32, taken| {
        let before = api.sent().len();
        api.fail_next(trouble);
        let (answered, answer) = whatsapp(&api, TOKEN, &template());
        assert_eq!((answered, &answer["error"]["code"]), (status, &json!(code)), "{trouble:?}");
        assert_eq!(api.sent().len() - before, taken, "{trouble:?}");
    };
    check(Trouble::Throttle(None), 429, 130429, 0);
    check(Trouble::Refuse(131026), 400, 131026, 0);
    check(Trouble::Down, 503, 131016, 0);
    check(Trouble::BrokenAfter, 500, 131000, 1);
    assert_eq!(whatsapp(&api, TOKEN, &template()).0, 200, "only the next one");
}

#[test]
fn a_status_comes_under_the_apps_signature() {
    let api = WhatsAppCloud::start("t").unwrap();
    whatsapp(&api, TOKEN, &template());
    let sent = &api.sent()[0];
    let callback = WhatsAppCloud::status_callback(sent, "failed", 1_795_000_000, Some(131026), "s");
    let body: Value = serde_json::from_str(&callback.body).unwrap();
    let told = &body["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!(told["id"], "wamid.1");
    assert_eq!(told["biz_opaque_callback_data"], "inv-1");
    assert_eq!(
        (&told["timestamp"], &told["errors"][0]["code"]),
        (&json!("1795000000"), &json!(131026))
    );
    let other = WhatsAppCloud::status_callback(sent, "failed", 1_795_000_000, Some(131026), "u");
    assert_eq!(callback.body, other.body);
    assert_ne!(callback.signature, other.signature);
    // Source: RFC 4231, test case 2, has this for the key "Jefe".
    let known = super::whatsapp::signed("what do ya want for nothing?".to_owned(), "Jefe");
    assert!(known.signature.starts_with("sha256=5bdcc146bf60754e6a042426089575c75a003f089d27"));
}

#[test]
fn each_chat_takes_its_own_form_and_refuses_in_its_own_way() {
    let chats = ChatServer::start().unwrap();
    let slack = json!({ "text": "hi" });
    let card = json!({ "type": "AdaptiveCard", "body": [{ "type": "TextBlock", "text": "hi" }] });
    let teams = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": card,
        }],
    });
    let check = |url: String, body: &Value, status: u16, words: &str| {
        let raw = post(&url, &[], body);
        assert_eq!(raw.status, status, "{url}: {}", raw.body);
        assert!(raw.body.contains(words), "{url}: {}", raw.body);
    };
    check(chats.slack(), &slack, 200, "ok");
    check(chats.workflow(), &teams, 202, "");
    check(chats.connector(), &teams, 200, "1");
    assert_eq!(chats.posts().len(), 3);
    check(chats.slack(), &teams, 400, "invalid_payload");
    check(chats.workflow(), &slack, 400, "");
    check(chats.connector(), &slack, 200, "HTTP error 400");
    chats.fail_next(Trouble::Throttle(Some(7)));
    assert_eq!(post(&chats.slack(), &[], &slack).header("retry-after"), Some("7"));
    chats.fail_next(Trouble::Throttle(Some(7)));
    check(chats.connector(), &teams, 200, "HTTP error 429");
    assert_eq!(chats.posts().len(), 3);
}

/// Speaks line by line; answers with the last reply to each.
fn speak(server: &SmtpServer, lines: &[&str]) -> Vec<String> {
    let address = server.url();
    let mut socket = TcpStream::connect(address.rsplit('@').next().unwrap()).unwrap();
    let mut replies = BufReader::new(socket.try_clone().unwrap()).lines();
    let mut reply = || loop {
        match replies.next() {
            Some(Ok(line)) if line.as_bytes().get(3) == Some(&b'-') => {}
            Some(Ok(line)) => return line[..3].to_owned(),
            _ => return "end".to_owned(),
        }
    };
    let mut told = vec![reply()];
    for line in lines {
        socket.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        told.push(reply());
    }
    told
}

/// `\0quita\0not-a-secret`.
const AUTH: &str = "AUTH PLAIN AHF1aXRhAG5vdC1hLXNlY3JldA==";

#[test]
fn a_mail_is_taken_as_it_was_meant() {
    let server = SmtpServer::start().unwrap();
    let told = speak(
        &server,
        &[
            "EHLO me",
            AUTH,
            "MAIL FROM:<a@x.example>",
            "RCPT TO:<b@y.example>",
            "DATA",
            "Subject: hi\r\n\r\n..dotted\r\n.",
            "QUIT",
        ],
    );
    assert_eq!(told, ["220", "250", "235", "250", "250", "354", "250", "221"]);
    let mails = server.mails();
    assert_eq!((mails[0].from.as_str(), &mails[0].to[0][..]), ("a@x.example", "b@y.example"));
    assert_eq!(mails[0].raw, b"Subject: hi\r\n\r\n.dotted\r\n");
}

#[test]
fn a_mail_without_a_user_or_with_trouble_is_not_taken() {
    let server = SmtpServer::start().unwrap();
    let from = "MAIL FROM:<a@x.example>";
    assert_eq!(speak(&server, &["EHLO me", from]), ["220", "250", "530"]);
    assert_eq!(speak(&server, &["EHLO me", "AUTH PLAIN eA=="]), ["220", "250", "535"]);
    server.fail_next(Trouble::Throttle(None));
    assert_eq!(speak(&server, &["EHLO me", AUTH, from]), ["220", "250", "235", "451"]);
    server.fail_next(Trouble::Refuse(550));
    let to = "RCPT TO:<b@y.example>";
    let refused = ["220", "250", "235", "250", "550", "503"];
    assert_eq!(speak(&server, &["EHLO me", AUTH, from, to, "DATA"]), refused);
    assert!(server.mails().is_empty());
}

#[test]
fn a_picture_is_uploaded_in_a_form_or_not_at_all() {
    let api = WhatsAppCloud::start("t").unwrap();
    let url = format!("{}/106/media", api.url());
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let upload = |kind: &str, body: &str| {
        let headers = [TOKEN, ("content-type", kind)];
        let raw = ask(address, "POST", "/v23.0/106/media", &headers, body);
        serde_json::from_str::<Value>(&raw.body).unwrap()
    };
    let form = "--b\r\nname=\"messaging_product\" name=\"type\" name=\"file\"\r\n--b--";
    assert_eq!(upload("multipart/form-data; boundary=b", form)["id"], "media-1");
    assert_eq!(upload("image/png", form)["error"]["code"], 100);
    assert_eq!(upload("multipart/form-data; boundary=b", "x")["error"]["code"], 100);
    assert_eq!(api.uploads().len(), 1);
}
