//! The e-mail with a one-time link for somebody who works for the merchant.

use quita_core::contact::Email as Address;

use crate::Locale;
use crate::email::{Email, Mailbox};
use crate::text::one_line;

/// Longest name shown.
const NAME_CHARS_MAX: usize = 80;

/// What the message says.
#[derive(Debug, Clone)]
pub struct SignInFacts {
    pub merchant_name: String,
    pub person_name: String,
    pub to: Address,
    pub from: Address,
    pub reply_to: Address,
    /// The link itself. It opens a session, so it never reaches a log.
    pub link: SignInLink,
    /// Minutes the link can be used.
    pub minutes: i64,
    /// Ledger tag of the message.
    pub tag: String,
}

/// A link whose `Debug` does not show it.
#[derive(Clone)]
pub struct SignInLink(pub String);

impl std::fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInLink(..)")
    }
}

/// Writes the message.
pub fn sign_in_email(locale: Locale, facts: &SignInFacts) -> Email {
    let merchant = one_line(&facts.merchant_name, NAME_CHARS_MAX);
    let person = one_line(&facts.person_name, NAME_CHARS_MAX);
    let SignInLink(link) = &facts.link;
    let minutes = facts.minutes;
    let (subject, before, after) = match locale {
        Locale::PtBr => (
            format!("Entrar na Quita: {merchant}"),
            format!(
                "Olá, {person}. Abra o endereço abaixo para entrar em {merchant}. Ele vale por \
                 {minutes} minutos e uma vez só."
            ),
            "Se não foi você que pediu, ignore esta mensagem.",
        ),
        Locale::En => (
            format!("Sign in to Quita: {merchant}"),
            format!(
                "Hello {person}, open the address below to sign in to {merchant}. It works for \
                 {minutes} minutes, and once."
            ),
            "If you did not ask for it, ignore this message.",
        ),
    };
    let name = Some(merchant);
    Email {
        from: Mailbox { name: name.clone(), address: facts.from.clone() },
        to: vec![Mailbox { name: Some(person), address: facts.to.clone() }],
        reply_to: Mailbox { name, address: facts.reply_to.clone() },
        subject,
        text: format!("{before}\n\n{link}\n\n{after}\n"),
        html: format!(
            "<!doctype html><html lang=\"{}\"><body><p>{}</p><p><a href=\"{}\">{}</a></p>\
             <p>{after}</p></body></html>",
            locale.as_str(),
            escaped(&before),
            escaped(link),
            escaped(link),
        ),
        inline: Vec::new(),
        ledger_key: facts.tag.clone(),
    }
}

/// Text for an element or an attribute of HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_writes_markup_or_a_second_line() {
        let address = |text| Address::parse(text).unwrap();
        let facts = SignInFacts {
            merchant_name: "Acme <b>\r\nBcc: x@y.example".to_owned(),
            person_name: "Ana & \"Bia\"".to_owned(),
            to: address("ana@acme.example"),
            from: address("cobranca@acme.example"),
            reply_to: address("financeiro@acme.example"),
            link: SignInLink("https://pay.example/sign_in/a.b".to_owned()),
            minutes: 15,
            tag: "sign-in-1".to_owned(),
        };
        for locale in [Locale::PtBr, Locale::En] {
            let email = sign_in_email(locale, &facts);
            assert!(!email.subject.contains(['\r', '\n']), "{}", email.subject);
            assert!(email.text.contains("https://pay.example/sign_in/a.b"));
            assert!(email.html.contains("Ana &amp; &quot;Bia&quot;"), "{}", email.html);
            assert!(!email.html.contains("<b>"), "{}", email.html);
            assert!(crate::mime::build(&email, chrono::DateTime::UNIX_EPOCH).is_ok());
        }
        assert!(!format!("{facts:?}").contains("a.b"));
    }
}
