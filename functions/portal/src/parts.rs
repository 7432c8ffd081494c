//! Pieces that the page and the receipt share: who reads, who is paid, who pays, where links lead.

use quita_core::document::TaxId;
use quita_core::invoice::{Instalment, Invoice, Status};
use quita_core::merchant::Merchant;
use quita_edge::Call;
use quita_notify::{BrandColour, Locale, wording};
use serde::Serialize;

use crate::words::words;

/// What the reader asked for beside the address itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reader {
    /// `?lang=`
    chosen: Option<Locale>,
    /// What the browser speaks; used only where no customer is known.
    browser: Option<Locale>,
    /// `?instalment=`
    pub instalment: Option<u16>,
}

impl Reader {
    pub(crate) fn of(call: &Call) -> Self {
        let chosen = match call.query("lang") {
            Some("pt-BR" | "pt") => Some(Locale::PtBr),
            Some("en") => Some(Locale::En),
            _ => None,
        };
        let browser = call.header("accept-language").and_then(|text| text.get(..2));
        Self {
            chosen,
            browser: browser.filter(|text| text.eq_ignore_ascii_case("en")).map(|_| Locale::En),
            instalment: call.query("instalment").and_then(|text| text.parse().ok()),
        }
    }

    /// The language of an invoice's page: the one asked for, else the customer's.
    pub(crate) fn locale(&self, invoice: &Invoice) -> Locale {
        self.chosen.unwrap_or(invoice.bill_to.locale)
    }

    /// The language where no invoice is known.
    pub(crate) fn preferred(&self) -> Locale {
        self.chosen.or(self.browser).unwrap_or_default()
    }

    /// An address under the page that keeps the language asked for.
    pub(crate) fn link(&self, path: &str, instalment: Option<u16>) -> String {
        link(path, instalment, self.chosen)
    }

    /// The same page in the other language.
    pub(crate) fn switch(&self, path: &str, now: Locale) -> Switch {
        let other = match now {
            Locale::PtBr => Locale::En,
            Locale::En => Locale::PtBr,
        };
        Switch {
            lang: other.as_str(),
            name: words(other).language_name,
            href: link(path, self.instalment, Some(other)),
        }
    }
}

fn link(path: &str, instalment: Option<u16>, lang: Option<Locale>) -> String {
    let instalment = instalment.map(|number| format!("instalment={number}"));
    let lang = lang.map(|locale| format!("lang={}", locale.as_str()));
    let query: Vec<String> = instalment.into_iter().chain(lang).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// The way to the other language.
#[derive(Debug, Serialize)]
pub(crate) struct Switch {
    lang: &'static str,
    name: &'static str,
    href: String,
}

/// A status: the API's word for styles, and the same word as people read it.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    code: &'static str,
    word: &'static str,
}

impl StatusView {
    pub(crate) fn of(status: Status, locale: Locale) -> Self {
        let t = words(locale);
        let word = match status {
            Status::Open => t.open,
            Status::PartiallyPaid => t.partially_paid,
            Status::Overdue => t.overdue,
            Status::Paid => t.paid,
            Status::Credited => t.credited,
            Status::WrittenOff => t.written_off,
            Status::Canceling => t.canceling,
            Status::Canceled => t.canceled,
        };
        Self { code: status.as_str(), word }
    }

    pub(crate) fn word(&self) -> &'static str {
        self.word
    }
}

/// The company that is paid.
#[derive(Debug, Serialize)]
pub(crate) struct MerchantView {
    pub name: String,
    pub initial: String,
    /// A CPF is personal data and is not shown.
    pub cnpj: Option<String>,
    pub reply_to: String,
}

impl MerchantView {
    pub(crate) fn of(merchant: &Merchant) -> Self {
        let initial = merchant.name.chars().find(|c| c.is_alphanumeric()).unwrap_or('Q');
        Self {
            name: merchant.name.clone(),
            initial: initial.to_uppercase().collect(),
            cnpj: match &merchant.document {
                TaxId::Cnpj(cnpj) => Some(cnpj.formatted()),
                TaxId::Cpf(_) | TaxId::Erased => None,
            },
            // Whoever has an invoice has a sender: see `Merchant::lacks`.
            reply_to: merchant
                .reply_to
                .as_ref()
                .map(|to| to.as_str().to_owned())
                .unwrap_or_default(),
        }
    }

    /// `Acme Serviços (CNPJ 11.222.333/0001-81)`
    pub(crate) fn with_cnpj(&self) -> String {
        match &self.cnpj {
            Some(cnpj) => format!("{} (CNPJ {cnpj})", self.name),
            None => self.name.clone(),
        }
    }

    /// A `mailto:` link with a subject.
    pub(crate) fn write_to(&self, subject: &str) -> String {
        format!("mailto:{}?subject={}", percent_encoded(&self.reply_to), percent_encoded(subject))
    }
}

/// The merchant's colour, or the product's own.
pub(crate) fn brand(merchant: &Merchant) -> BrandColour {
    let stored = merchant.brand_colour.as_deref();
    stored.and_then(|colour| BrandColour::parse(colour).ok()).unwrap_or_default()
}

/// The party that pays: a company's number in full, a person's masked.
#[derive(Debug, Serialize)]
pub(crate) struct CustomerView {
    name: String,
    /// `None` once it was erased.
    document: Option<String>,
}

impl CustomerView {
    pub(crate) fn of(invoice: &Invoice) -> Self {
        let party = &invoice.bill_to;
        Self {
            name: party.name.clone(),
            document: match &party.document {
                TaxId::Cnpj(cnpj) => Some(format!("CNPJ {}", cnpj.formatted())),
                TaxId::Cpf(cpf) => Some(format!("CPF {}", cpf.masked())),
                TaxId::Erased => None,
            },
        }
    }
}

/// `2 de 3`, where there is more than one instalment.
pub(crate) fn nth(invoice: &Invoice, instalment: &Instalment, locale: Locale) -> Option<String> {
    let count = u16::try_from(invoice.instalments.len()).unwrap_or(u16::MAX);
    (count > 1).then(|| wording::one_of(instalment.number, count, locale))
}

/// Text as one component of a URL (RFC 3986): everything but letters, digits and `@.-_` is escaped.
pub(crate) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'@' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
