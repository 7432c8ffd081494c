//! Fears: a name that becomes markup, a header or a template; a message that goes out without what
//! its samples had.

use super::*;
use crate::mime;

fn rendered(version: &TemplateVersion, facts: &PayableFacts) -> Result<Rendered, CustomError> {
    render(version, facts, &samples(MessageKind::ChargeIssued)[0].recipient())
}

const HOSTILE: &str = "Zé \"<script>alert('x')</script>&amp; {{ payable }} {% for %} {{ 7 * 7 }}\r\n\
    Bcc: vitima@exemplo.com\u{202E}";

fn hostile() -> PayableFacts {
    let mut facts = payable("not_late");
    facts.customer_name = HOSTILE.to_owned();
    facts.merchant.name = HOSTILE.to_owned();
    facts.merchant.signature = Some(format!("{HOSTILE}\n{HOSTILE}"));
    facts.merchant.sender_name = Some(HOSTILE.to_owned());
    facts.invoice.number = HOSTILE.to_owned();
    facts.invoice.description = Some(HOSTILE.to_owned());
    facts.approver = Some(HOSTILE.to_owned());
    facts
}

fn email_of(content: Content, facts: &PayableFacts) -> Email {
    match rendered(&version(content), facts).unwrap() {
        Rendered::Email(email) => *email,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payers_name_becomes_markup_or_a_template() {
    let html = format!(
        "{HTML}<p>{{{{ customer|upper }}}} {{{{ invoice.description }}}} \
         {{% if payable.approver %}}{{{{ payable.approver }}}}{{% endif %}}</p>"
    );
    let sent = email_of(email(SUBJECT, TEXT, &html), &hostile());
    assert!(!sent.html.to_lowercase().contains("<script"), "{}", sent.html);
    assert!(sent.html.contains("{{ payable }}") && sent.text.contains("{{ payable }}"));
    assert!(sent.html.contains("{{ 7 * 7 }}") && !sent.html.contains("49"));
}

#[test]
fn a_subject_begins_another_header() {
    let subject = "{{ customer }}\r\nBcc: vitima@exemplo.com {{ invoice.title }}";
    let sent = email_of(email(subject, TEXT, HTML), &hostile());
    assert!(!sent.subject.contains(['\r', '\n']), "{}", sent.subject);
    let bytes = mime::build(&sent, DateTime::UNIX_EPOCH).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(parsed.subject(), Some(sent.subject.as_str()));
}

#[test]
fn a_brand_breaks_out_of_a_shipped_message_or_is_not_shown() {
    let mut facts = hostile();
    let sent = crate::render_email(MessageKind::ChargeIssued, Locale::PtBr, &facts).unwrap();
    assert!(!sent.html.contains("<script"), "{}", sent.html);
    assert!(!sent.from.name.as_deref().unwrap().contains(['\r', '\n']));
    facts.merchant.signature = Some("Contas a receber\nRua A, 1 & 2".to_owned());
    facts.merchant.sender_name = Some("Contas Norte".to_owned());
    let sent = crate::render_email(MessageKind::ChargeIssued, Locale::PtBr, &facts).unwrap();
    assert!(sent.html.contains("Contas a receber<br>Rua A, 1 &amp; 2"), "{}", sent.html);
    assert!(sent.text.ends_with(".\n\nContas a receber\nRua A, 1 & 2"), "{}", sent.text);
    assert_eq!(sent.from.name.as_deref(), Some("Contas Norte"));
}

#[test]
fn a_message_goes_out_without_what_its_samples_had() {
    // It reads well on every sample, and not for the customer it was written against.
    let text = format!("{{% if customer != 'Mercado Sul' %}}{TEXT}{{% endif %}}");
    let content = email(SUBJECT, &text, HTML);
    assert_eq!(told(content.clone()), [""; 0]);
    let mut facts = payable("not_late");
    facts.customer_name = "Mercado Sul".to_owned();
    let refused = rendered(&version(content), &facts);
    assert!(matches!(refused, Err(CustomError::Incomplete(_))), "{refused:?}");
}

#[test]
fn a_name_says_what_the_facts_deny() {
    let late = version_of("three_days_late", Locale::PtBr, email(SUBJECT, TEXT, HTML));
    let early = payable("not_late");
    assert!(matches!(rendered(&late, &early), Err(CustomError::Facts(RenderError::NotLate(_)))));
    assert!(rendered(&late, &payable("late")).is_ok());
    let receipt = version_of("receipt", Locale::PtBr, email(SUBJECT, "x", "x"));
    assert!(matches!(rendered(&receipt, &early), Err(CustomError::Facts(_))));
}

#[test]
fn a_parameter_breaks_a_line() {
    let content = whatsapp(
        "{{1}} {{2}}",
        &["{{ customer }}\n\tx", "{{ amount.total }} {{ amount.due_date }}"],
        true,
    );
    let Rendered::WhatsApp(message) = rendered(&version(content), &hostile()).unwrap() else {
        panic!("another channel")
    };
    assert!(message.parameters.iter().all(|it| !it.contains(['\n', '\t', '\r'])), "{message:?}");
}

#[test]
fn a_logged_message_shows_a_code() {
    let facts = payable("not_late");
    for content in [
        email(SUBJECT, TEXT, HTML),
        Content::Chat { text: "Oi".to_owned() },
        sms("{{ amount.total }} {{ amount.due_date }} {{ page }}"),
        Content::Letter { text: "{{ payable.code }}".to_owned() },
        whatsapp("{{1}}", &["{{ amount.total }} {{ amount.due_date }}{{ page }}"], true),
    ] {
        let shown = format!("{:?}", rendered(&version(content), &facts).unwrap());
        assert!(!shown.contains("br.gov.bcb") && !shown.contains("https"), "{shown}");
    }
}

#[test]
fn the_parts_of_the_mail_are_not_what_was_rendered() {
    let sent = email_of(email(SUBJECT, TEXT, HTML), &hostile());
    let bytes = mime::build(&sent, DateTime::UNIX_EPOCH).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), sent.text);
    assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n"), sent.html);
    let picture = parsed.attachment(0).unwrap();
    assert_eq!(picture.contents(), sent.inline[0].bytes);
}
