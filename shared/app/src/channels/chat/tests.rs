use quita_notify::wording::Row;
use quita_testkit::channels::{ChatServer, Trouble};

use super::super::test_parts::{http, nowhere};
use super::*;

fn row(label: &str, value: &str) -> Row {
    Row { label: label.to_owned(), value: value.to_owned() }
}

fn message() -> ChatMessage {
    ChatMessage {
        text: "ACME: fatura 1".to_owned(),
        heading: "ACME · Fatura 1".to_owned(),
        lead: "A fatura *vence* hoje.".to_owned(),
        rows: vec![row("Valor", "R$ 1.234,56"), row("Vencimento", "10/12/2026")],
        code: Some(row("Pix", "00020126580014br.gov.bcb.pix")),
        link: Some(row("Pagar", "https://pay.example.com/p/abc")),
        closing: "Dúvidas? a@acme.example".to_owned(),
    }
}

/// Each webhook, with its kind.
fn webhooks(server: &ChatServer) -> [(Kind, String); 3] {
    [
        (Kind::Slack, server.slack()),
        (Kind::Teams, server.workflow()),
        (Kind::Teams, server.connector()),
    ]
}

/// Where a post stands, in one word.
fn stands(outcome: &Result<String, SendError>) -> String {
    match outcome {
        Ok(_) => "sent".to_owned(),
        Err(SendError::Refused(_)) => "refused".to_owned(),
        Err(SendError::NotNow(why)) => match why.retry_after {
            Some(wait) => format!("after {} s", wait.as_secs()),
            None => "not now".to_owned(),
        },
        Err(SendError::Unknown(_)) => "unknown".to_owned(),
    }
}

#[test]
fn a_webhook_is_posted_what_another_chat_takes() {
    for (url, kind) in [
        ("https://hooks.slack.com/services/T0/B0/x", Kind::Slack),
        ("https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3", Kind::Teams),
        ("https://prod-27.brazilsouth.logic.azure.com:443/workflows/x?sig=y", Kind::Teams),
        ("https://logic.azure.com/workflows/x", Kind::Slack),
        ("https://hooks.slack.com/x.logic.azure.com", Kind::Slack),
        ("http://127.0.0.1:8787/_local/chat", Kind::Slack),
    ] {
        assert_eq!(Kind::of(url), kind, "{url}");
    }
}

#[tokio::test]
async fn a_chat_gets_less_than_the_whole_message() {
    let server = ChatServer::start().unwrap();
    for (kind, url) in webhooks(&server) {
        let answer = post_as(kind, &http(), &url, &message()).await.unwrap();
        assert!(answer.starts_with("chat answered 20"), "{answer}");
        let body = server.posts().pop().unwrap().body.to_string();
        for piece in ["Fatura 1", "R$ 1.234,56", "10/12/2026", "br.gov.bcb.pix", "/p/abc"] {
            assert!(body.contains(piece), "{url} lacks {piece}: {body}");
        }
    }
}

#[test]
fn a_name_formats_the_card_or_hides_a_link_in_it() {
    let mut message = message();
    message.heading = "[Pague aqui](https://evil.example) **já**".to_owned();
    let card = teams_payload(&message)["attachments"][0]["content"].clone();
    assert_eq!(card["body"][0]["type"], "RichTextBlock", "a text block reads Markdown");
    assert_eq!(card["body"][0]["inlines"][0]["text"], message.heading);
    assert_eq!(card["actions"][0]["url"], "https://pay.example.com/p/abc");
}

#[tokio::test]
async fn a_refusal_is_taken_for_another_one() {
    for (trouble, slack, workflow, connector) in [
        (Trouble::Throttle(Some(30)), "after 30 s", "after 30 s", "not now"),
        (Trouble::Throttle(None), "not now", "not now", "not now"),
        (Trouble::Refuse(410), "refused", "refused", "refused"),
        (Trouble::Down, "unknown", "unknown", "unknown"),
        (Trouble::BrokenAfter, "unknown", "unknown", "unknown"),
        (Trouble::Silence, "unknown", "unknown", "unknown"),
    ] {
        let server = ChatServer::start().unwrap();
        for ((kind, url), expected) in
            webhooks(&server).into_iter().zip([slack, workflow, connector])
        {
            server.fail_next(trouble);
            let outcome = post_as(kind, &http(), &url, &message()).await;
            assert_eq!(stands(&outcome), expected, "{trouble:?} {url}: {outcome:?}");
            assert!(!format!("{outcome:?}").contains("127.0.0.1"), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_webhook_that_is_over_is_told_without_what_to_do() {
    let server = ChatServer::start().unwrap();
    server.fail_next(Trouble::Refuse(404));
    let outcome = post_as(Kind::Slack, &http(), &server.slack(), &message()).await;
    let told = outcome.unwrap_err().to_string();
    assert!(told.contains("make a new one in the chat and set it"), "{told}");
}

#[tokio::test]
async fn a_post_that_reached_nobody_counts_as_unknown() {
    let outcome = post_as(Kind::Slack, &http(), &nowhere(), &message()).await;
    assert_eq!(stands(&outcome), "not now", "{outcome:?}");
}
