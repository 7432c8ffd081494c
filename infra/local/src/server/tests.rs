use std::path::Path;

use quita_psp_sandbox::PayOptions;
use serde_json::{Value, json};

use super::*;
use crate::data::DataFolder;
use crate::machine::http_client;
use crate::mailbox::Received;
use crate::options::OtherBank;
use crate::travel::Traveller;

async fn begin(data: Option<&Path>, bank: Option<OtherBank>) -> Running {
    let data = data.map(|path| DataFolder::open(path).unwrap());
    let setup = Setup { data, bank, clock: None, smtp_url: None };
    let running = start(setup, 0, Background::Off).await.unwrap();
    merchant::register_callback(running.app.machine.deps()).await.unwrap();
    running
}

async fn settle(app: &App) {
    let bank = app.bank.as_ref();
    Traveller { machine: &app.machine, clock: &app.clock, bank }.settle().await.unwrap();
}

/// Posts a form as a page of `origin` does; answers the status.
async fn post(app: &App, path: &str, origin: &str, form: &'static str) -> u16 {
    let request = http_client().unwrap().post(format!("{}{path}", app.public_url));
    let request = request
        .header("origin", origin)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    request.send().await.unwrap().status().as_u16()
}

async fn invoices(app: &App) -> Vec<Value> {
    let request = http_client().unwrap().get(format!("{}/v1/invoices", app.public_url));
    let answer = request.bearer_auth(&app.api_key).send().await.unwrap();
    let mut list: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    list["items"].as_array_mut().map(std::mem::take).unwrap()
}

#[tokio::test]
async fn every_page_renders_with_what_a_customer_called_himself() {
    let running = begin(None, None).await;
    let app = &running.app;
    let body = json!({
        "name": "<script>alert(1)</script> & Cia",
        "document": "11.444.777/0001-61",
        "emails": ["a@example.com"],
    });
    let request = http_client().unwrap().post(format!("{}/v1/customers", app.public_url));
    let request = request.bearer_auth(&app.api_key).header("idempotency-key", "c-1").json(&body);
    assert_eq!(request.send().await.unwrap().status(), 201);
    assert_eq!(post(app, "/_local/example", &app.public_url, "").await, 303);
    settle(app).await;
    for path in ["/", "/_local/bank", "/_local/mail", "/_local/mail/1", "/_local/clock"] {
        let answer = http_client().unwrap().get(format!("{}{path}", app.public_url));
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        let html = answer.text().await.unwrap();
        assert!(!html.contains("<script"), "{path}");
        assert!(path == "/" || html.contains("&lt;script&gt;"), "{path} does not show the name");
    }
    let picture = http_client().unwrap().get(format!("{}/_local/mail/1/html", app.public_url));
    let html = picture.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("src=\"data:image/png;base64,") && !html.contains("cid:"));
}

#[tokio::test]
async fn money_no_callback_tells_of_waits_within_the_hour_with_what_to_post_about_it() {
    let running = begin(None, None).await;
    let app = &running.app;
    let form = "action=pay_key&amount=1.250%2C00";
    assert_eq!(post(app, "/_local/bank", &app.public_url, form).await, 303);
    app.travel(app.clock.now() + chrono::TimeDelta::hours(1)).await.unwrap();
    let page = http_client().unwrap().get(format!("{}/_local/exceptions", app.public_url));
    let html = page.send().await.unwrap().text().await.unwrap();
    for expected in ["no txid", "R$ 1,250.00", "/refunds", "\"1250.00\"", "unidentified"] {
        assert!(html.contains(expected), "no {expected} in {html}");
    }
    assert!(!html.contains("did not answer"), "{html}");
}

#[tokio::test]
async fn another_site_moves_no_clock_and_pays_nothing() {
    let running = begin(None, None).await;
    let app = &running.app;
    let before = app.clock.ahead();
    for path in ["/_local/clock", "/_local/bank", "/_local/example", "/_local/redrive"] {
        assert_eq!(post(app, path, "https://evil.example.com", "days=9").await, 403, "{path}");
    }
    assert_eq!(app.clock.ahead(), before);
    assert_eq!(post(app, "/_local/clock", &app.public_url, "days=9").await, 303);
    assert!(app.clock.ahead() > before);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let first = begin(Some(folder.path()), None).await;
    assert_eq!(post(&first.app, "/_local/example", &first.app.public_url, "").await, 303);
    // Nothing was relayed yet: the invoice waits in the stream.
    assert_eq!(sent_to_payers(&first.app), 0);
    let (key, before) = (first.app.api_key.clone(), invoices(&first.app).await);
    first.app.clock.advance(chrono::TimeDelta::days(2)).unwrap();
    let ahead = first.app.clock.ahead();
    stop(first).await;

    let again = begin(Some(folder.path()), None).await;
    assert_eq!(again.app.api_key, key);
    assert_eq!(again.app.clock.ahead(), ahead);
    assert_eq!(invoices(&again.app).await[0]["id"], before[0]["id"]);
    settle(&again.app).await;
    assert_eq!(sent_to_payers(&again.app), 1, "the first message goes out after all");
    stop(again).await;

    let third = begin(Some(folder.path()), None).await;
    settle(&third.app).await;
    assert_eq!(sent_to_payers(&third.app), 1, "and once only");
}

/// Messages but the digest, which the team gets or not by the hour this test runs at.
fn sent_to_payers(app: &App) -> usize {
    let messages = app.mailbox.messages();
    let tags = messages.iter().filter_map(Received::tag);
    tags.filter(|tag| !tag.starts_with("digest-")).count()
}

/// Ends a server and waits until its data folder is free.
async fn stop(mut running: Running) {
    running.server.abort();
    (&mut running.server).await.unwrap_err();
    let app = Arc::downgrade(&running.app);
    drop(running);
    while app.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let setup = Setup { data: None, bank: None, clock: None, smtp_url: None };
    let error = start(setup, port, Background::Off).await.map(drop).unwrap_err();
    assert!(matches!(error, StartError::PortTaken(found) if found == port), "{error}");
}

#[tokio::test]
async fn another_bank_takes_the_charge_and_its_callback_comes_back() {
    let host = begin(None, None).await;
    let bank = host.app.bank.clone().unwrap();
    let other = OtherBank {
        base_url: format!("{}{BANK_PATH}", host.app.public_url),
        token_url: format!("{}{BANK_PATH}/oauth/token", host.app.public_url),
        client_id: bank.config().client_id.clone(),
        client_secret: bank.config().client_secret.clone(),
        pix_key: host.app.pix_key.clone(),
    };
    let guest = begin(None, Some(other)).await;
    assert!(guest.app.bank.is_none());
    assert_eq!(post(&guest.app, "/_local/example", &guest.app.public_url, "").await, 303);
    settle(&guest.app).await;
    let charge = bank.charges().pop().unwrap();
    bank.pay(&charge.txid, PayOptions::default()).unwrap();
    let report = bank.deliver_callbacks().await;
    assert_eq!((report.delivered, report.failed), (1, 0));
    assert_eq!(invoices(&guest.app).await[0]["status"], "paid");
}

#[tokio::test]
async fn a_wrong_path_and_a_wrong_method_are_problems() {
    let running = begin(None, None).await;
    for (method, path, status) in [
        (Method::GET, "/v2/invoices", 404),
        (Method::DELETE, "/v1/invoices", 405),
        (Method::GET, "/_local/nothing", 404),
        (Method::POST, "/pix/mer_demo.forged", 401),
    ] {
        let url = format!("{}{path}", running.app.public_url);
        let answer = http_client().unwrap().request(method, url).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
    }
}
