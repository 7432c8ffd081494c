use super::*;

fn draft() -> CustomerDraft {
    CustomerDraft {
        name: "Padaria Aurora Ltda".into(),
        document: "12.ABC.345/01DE-35".into(),
        emails: vec!["financeiro@aurora.example".into()],
        ..CustomerDraft::default()
    }
}

fn properties(draft: CustomerDraft) -> Vec<String> {
    draft.parse().unwrap_err().into_iter().map(|fault| fault.property).collect()
}

#[test]
fn a_good_customer_is_taken_as_typed() {
    let parsed = draft().parse().unwrap();
    assert_eq!(parsed.document.as_str(), "12ABC34501DE35");
    assert_eq!(parsed.locale, Locale::PtBr);
}

#[test]
fn every_fault_is_told_at_once() {
    let bad = CustomerDraft {
        name: " ".into(),
        document: "12ABC34501DE45".into(),
        emails: vec!["nobody".into()],
        phone: Some("123".into()),
        chat_webhook_url: Some("http://hooks.slack.com/services/x".into()),
        locale: Some("fr".into()),
        zone: Some("Mars/Olympus".to_owned()),
        account_owner: Some("@".into()),
        address: Some(AddressDraft { state: "SPX".into(), ..AddressDraft::default() }),
    };
    let expected = [
        "name",
        "document",
        "emails[0]",
        "phone",
        "chat_webhook_url",
        "address.street",
        "address.city",
        "address.state",
        "address.postal_code",
        "locale",
        "zone",
        "account_owner",
    ];
    assert_eq!(properties(bad), expected);
}

#[test]
fn a_header_cannot_ride_in_a_name() {
    let name = "Aurora\r\nBcc: thief@example.com".to_owned();
    assert_eq!(properties(CustomerDraft { name, ..draft() }), ["name"]);
}

#[test]
fn a_chat_url_leads_to_a_known_host_only() {
    for url in [
        "https://169.254.169.254/latest",
        "https://hooks.slack.com.evil.example/x",
        "https://hooks.slack.com@evil.example/x",
        "https://hooks.slack.com:9/x",
        "https://evil.example?.webhook.office.com/x",
        "https://evil.example#.logic.azure.com/x",
        "https://evil.example\\.logic.azure.com/x",
        "https://user@a.logic.azure.com/x",
        "https://a.logic.azure.com:80/x",
        "https://logic.azure.com/x",
        "https://.logic.azure.com/x",
        "https://alogic.azure.com/x",
    ] {
        let chat_webhook_url = Some(url.to_owned());
        assert_eq!(properties(CustomerDraft { chat_webhook_url, ..draft() }), ["chat_webhook_url"]);
    }
}

#[test]
fn a_chat_is_refused_that_takes_posts() {
    for url in [
        "https://hooks.slack.com/services/T0/B0/x",
        "https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
        "https://prod-27.brazilsouth.logic.azure.com:443/workflows/0f/triggers/manual/paths/invoke\
         ?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abc",
    ] {
        let chat_webhook_url = Some(url.to_owned());
        assert!(CustomerDraft { chat_webhook_url, ..draft() }.parse().is_ok(), "{url}");
    }
}
