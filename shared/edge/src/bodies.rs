//! The JSON bodies of requests, as callers write them, and their drafts in the domain.
//!
//! Unknown fields are refused: a misspelt `due_dat` must not become an invoice without one.

pub mod changes;
pub mod handling;
pub mod payments;
pub mod second_person;

use quita_app::quote::Subject;
use quita_core::customer::{AddressDraft, CustomerDraft};
use quita_core::invoice::{InstalmentDraft, InvoiceDraft, PeriodDraft};
use quita_core::terms_draft::{DatedDraft, DiscountDraft, TermsDraft, ValueDraft};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::problem::Problem;

/// `POST /v1/customers`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerBody {
    name: String,
    document: String,
    emails: Vec<String>,
    phone: Option<String>,
    chat_webhook_url: Option<String>,
    address: Option<AddressBody>,
    locale: Option<String>,
    account_owner: Option<String>,
    zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressBody {
    street: String,
    city: String,
    state: String,
    postal_code: String,
}

impl CustomerBody {
    pub fn draft(self) -> CustomerDraft {
        let address = self.address.map(|address| AddressDraft {
            street: address.street,
            city: address.city,
            state: address.state,
            postal_code: address.postal_code,
        });
        CustomerDraft {
            name: self.name,
            document: self.document,
            emails: self.emails,
            phone: self.phone,
            chat_webhook_url: self.chat_webhook_url,
            address,
            locale: self.locale,
            account_owner: self.account_owner,
            zone: self.zone,
        }
    }
}

/// `POST /v1/invoices`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceBody {
    pub customer_id: String,
    number: String,
    description: String,
    po_number: Option<String>,
    billing_period: Option<PeriodBody>,
    amount: String,
    /// May be left out when every instalment has its own.
    due_date: Option<String>,
    late_fee: Option<ValueBody>,
    interest: Option<DailyBody>,
    rebate: Option<ValueBody>,
    discount: Option<DiscountBody>,
    payable_days_after_due: Option<i64>,
    #[serde(default, deserialize_with = "instalments")]
    instalments: Option<InstalmentsBody>,
}

/// The first and the last day that an invoice bills for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodBody {
    from: String,
    to: String,
}

/// A value with its type: a late fee or a rebate.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueBody {
    r#type: String,
    value: String,
}

/// A value with its type that counts by the day.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DailyBody {
    r#type: String,
    value: String,
    days: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountBody {
    r#type: String,
    value: Option<String>,
    days: Option<String>,
    #[serde(default)]
    until: Vec<DatedBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatedBody {
    date: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstalmentBody {
    amount: String,
    due_date: String,
}

/// `{"count": 3}` or a list.
enum InstalmentsBody {
    Monthly(i64),
    Listed(Vec<InstalmentBody>),
}

impl InvoiceBody {
    pub fn draft(self) -> InvoiceDraft {
        let terms = terms(
            self.late_fee,
            self.interest,
            self.rebate,
            self.discount,
            self.payable_days_after_due,
        );
        let instalments = match self.instalments {
            None => InstalmentDraft::Whole,
            Some(InstalmentsBody::Monthly(count)) => InstalmentDraft::Monthly(count),
            Some(InstalmentsBody::Listed(list)) => {
                let part = |part: InstalmentBody| (part.amount, part.due_date);
                InstalmentDraft::Listed(list.into_iter().map(part).collect())
            }
        };
        InvoiceDraft {
            number: self.number,
            description: self.description,
            po_number: self.po_number,
            billing_period: self
                .billing_period
                .map(|period| PeriodDraft { from: period.from, to: period.to }),
            amount: self.amount,
            due_date: self.due_date.unwrap_or_default(),
            terms,
            instalments,
        }
    }
}

fn terms(
    late_fee: Option<ValueBody>,
    interest: Option<DailyBody>,
    rebate: Option<ValueBody>,
    discount: Option<DiscountBody>,
    payable_days_after_due: Option<i64>,
) -> TermsDraft {
    let value = |body: ValueBody| ValueDraft { kind: body.r#type, value: body.value, days: None };
    let daily =
        |body: DailyBody| ValueDraft { kind: body.r#type, value: body.value, days: body.days };
    let dated = |body: DatedBody| DatedDraft { date: body.date, value: body.value };
    let discount = discount.map(|body| DiscountDraft {
        kind: body.r#type,
        value: body.value,
        days: body.days,
        until: body.until.into_iter().map(dated).collect(),
    });
    TermsDraft {
        late_fee: late_fee.map(value),
        interest: interest.map(daily),
        rebate: rebate.map(value),
        discount,
        payable_days_after_due,
    }
}

/// `POST …/cancel` and re-issues: the reason, kept in the timeline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    reason: String,
}

/// Longest reason.
const REASON_CHARS_MAX: usize = 300;

impl ReasonBody {
    pub fn reason(self) -> Result<String, Problem> {
        let reason = self.reason.trim();
        let chars = reason.chars().count();
        if chars == 0 || chars > REASON_CHARS_MAX || reason.chars().any(char::is_control) {
            let hint = format!("use 1 to {REASON_CHARS_MAX} characters, in one line");
            return Err(Problem::invalid("reason", hint));
        }
        Ok(reason.to_owned())
    }
}

/// `POST /v1/quotes`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteBody {
    pub on: String,
    invoice_id: Option<String>,
    instalment: Option<u16>,
    terms: Option<QuoteTermsBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuoteTermsBody {
    amount: String,
    due_date: String,
    late_fee: Option<ValueBody>,
    interest: Option<DailyBody>,
    rebate: Option<ValueBody>,
    discount: Option<DiscountBody>,
    payable_days_after_due: Option<i64>,
}

impl QuoteBody {
    pub fn subject(self) -> Result<Subject, Problem> {
        match (self.invoice_id, self.terms) {
            (Some(id), None) => Ok(Subject::Invoice { id, instalment: self.instalment }),
            (None, Some(body)) if self.instalment.is_none() => Ok(Subject::Terms {
                amount: body.amount,
                due_date: body.due_date,
                terms: Box::new(terms(
                    body.late_fee,
                    body.interest,
                    body.rebate,
                    body.discount,
                    body.payable_days_after_due,
                )),
            }),
            _ => Err(Problem::invalid("invoice_id", "give either invoice_id or terms")),
        }
    }
}

/// Reads `instalments` in either shape, so that a fault inside keeps its path.
fn instalments<'de, D: Deserializer<'de>>(input: D) -> Result<Option<InstalmentsBody>, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Option<InstalmentsBody>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("{\"count\": n} or a list of instalments")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = seq.next_element()? {
                list.push(item);
            }
            Ok(Some(InstalmentsBody::Listed(list)))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut count = None;
            while let Some(name) = map.next_key::<String>()? {
                if name != "count" {
                    return Err(A::Error::unknown_field(&name, &["count"]));
                }
                count = Some(map.next_value()?);
            }
            let count = count.ok_or_else(|| A::Error::missing_field("count"))?;
            Ok(Some(InstalmentsBody::Monthly(count)))
        }
    }
    input.deserialize_any(Either)
}
