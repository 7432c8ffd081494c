//! A merchant and its profile as someone typed them, checked all at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{BrandDraft, Merchant, Mode};
use crate::customer::{Locale, keep, parse_chat_webhook, text};
use crate::document::TaxId;
use crate::hidden::Hidden;
use crate::ids::MerchantId;
use crate::terms_draft::parse_date;
use crate::text::redacted_debug;
use crate::violation::Violation;

/// Longest name: what `devedor.nome` of API Pix 2.9.0 takes, since the merchant is the payer of its
/// own test charge.
const NAME_CHARS_MAX: usize = 200;
/// Longest city, as API Pix 2.9.0 has it for addresses.
const CITY_CHARS_MAX: usize = 200;
/// Most holidays of a merchant's own.
pub const EXTRA_HOLIDAYS_MAX: usize = 100;
/// Characters of a colour, `#RRGGBB`.
const COLOUR_LENGTH: usize = 7;

/// A merchant as the operator typed it.
#[derive(Clone, Default)]
pub struct MerchantDraft {
    pub id: String,
    pub name: String,
    pub document: String,
    pub city: String,
    pub mode: String,
    pub locale: Option<String>,
}

/// A draft without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMerchant {
    pub merchant: MerchantId,
    pub name: String,
    pub document: TaxId,
    pub city: String,
    pub mode: Mode,
    pub locale: Locale,
}

/// A change of what payers see, as someone typed it. `None` leaves a field as it is; `Some(None)`
/// takes it away.
#[derive(Clone, Default)]
pub struct ProfileDraft {
    pub name: Option<String>,
    pub city: Option<String>,
    pub locale: Option<String>,
    pub brand_colour: Option<Option<String>>,
    pub brand: BrandDraft,
    pub chat_webhook_url: Option<Option<String>>,
    pub daily_digest: Option<bool>,
    pub extra_holidays: Option<Vec<String>>,
}

redacted_debug!(MerchantDraft);
redacted_debug!(ProfileDraft);

impl MerchantDraft {
    /// Checks every field.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn parse(&self) -> Result<NewMerchant, Vec<Violation>> {
        let mut faults = Vec::new();
        let merchant = keep("id", MerchantId::parse(&self.id), &mut faults);
        let name = text("name", &self.name, NAME_CHARS_MAX, &mut faults);
        let document = keep("document", TaxId::parse(&self.document), &mut faults);
        let city = text("city", &self.city, CITY_CHARS_MAX, &mut faults);
        let mode = Mode::parse(&self.mode).ok_or("use \"test\" or \"live\"");
        let mode = keep("mode", mode, &mut faults);
        let locale = match self.locale.as_deref() {
            None => Some(Locale::default()),
            Some(raw) => parse_locale(raw, &mut faults),
        };
        match (merchant, document, mode, locale) {
            (Some(merchant), Some(document), Some(mode), Some(locale)) if faults.is_empty() => {
                Ok(NewMerchant { merchant, name, document, city, mode, locale })
            }
            _ => Err(faults),
        }
    }
}

impl ProfileDraft {
    /// The merchant with the changes; its version is as it was.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn apply(&self, merchant: &Merchant) -> Result<Merchant, Vec<Violation>> {
        let mut faults = Vec::new();
        let mut after = merchant.clone();
        if let Some(raw) = &self.name {
            after.name = text("name", raw, NAME_CHARS_MAX, &mut faults);
        }
        if let Some(raw) = &self.city {
            after.city = text("city", raw, CITY_CHARS_MAX, &mut faults);
        }
        if let Some(locale) = self.locale.as_deref().and_then(|raw| parse_locale(raw, &mut faults))
        {
            after.locale = locale;
        }
        if let Some(raw) = &self.brand_colour {
            let colour = raw.as_deref().map(parse_colour).transpose();
            after.brand_colour = keep("brand_colour", colour, &mut faults).flatten();
        }
        self.brand.apply(&mut after.brand, &mut faults);
        if let Some(raw) = &self.chat_webhook_url {
            let url: Result<Option<Hidden>, String> =
                raw.as_deref().map(parse_chat_webhook).transpose();
            after.chat_webhook = keep("chat_webhook_url", url, &mut faults).flatten();
        }
        after.daily_digest = self.daily_digest.unwrap_or(after.daily_digest);
        if let Some(raw) = &self.extra_holidays {
            after.issuing.extra_holidays = parse_holidays(raw, &mut faults);
        }
        if faults.is_empty() { Ok(after) } else { Err(faults) }
    }
}

fn parse_locale(raw: &str, faults: &mut Vec<Violation>) -> Option<Locale> {
    keep("locale", Locale::parse(raw).ok_or("use \"pt-BR\" or \"en\""), faults)
}

fn parse_colour(raw: &str) -> Result<String, &'static str> {
    let digits = raw.strip_prefix('#').unwrap_or_default();
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if raw.len() == COLOUR_LENGTH && hexadecimal && !digits.is_empty() {
        Ok(raw.to_ascii_uppercase())
    } else {
        Err("use #RRGGBB, such as #0F766E")
    }
}

fn parse_holidays(raw: &[String], faults: &mut Vec<Violation>) -> BTreeSet<NaiveDate> {
    if raw.len() > EXTRA_HOLIDAYS_MAX {
        let reason = format!("give at most {EXTRA_HOLIDAYS_MAX} days");
        faults.push(Violation::new("extra_holidays", reason));
        return BTreeSet::new();
    }
    let parse =
        |(i, day): (usize, &String)| parse_date(&format!("extra_holidays[{i}]"), day, faults);
    raw.iter().enumerate().filter_map(parse).collect()
}
