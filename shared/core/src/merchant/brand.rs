//! How a merchant looks in its messages, beside its colour: a logo, the name letters are sent under,
//! and what stands below them.
//!
//! Owns the shape of each. Does not fetch a logo: the payer's mail reader does.

use serde::{Deserialize, Serialize};

use crate::customer::keep;
use crate::violation::Violation;

/// Longest address of a logo.
pub const LOGO_CHARS_MAX: usize = 500;
/// Longest name of the sender: what mail readers show of one.
pub const SENDER_NAME_CHARS_MAX: usize = 60;
/// Longest signature, all lines together.
pub const SIGNATURE_CHARS_MAX: usize = 500;
/// Most lines of a signature.
pub const SIGNATURE_LINES_MAX: usize = 10;

/// What is set of it; nothing is for a merchant that has set nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Brand {
    /// Address of a square picture, `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Name beside the sender's address, where it is not the merchant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    /// Plain text of a few lines below each message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// A change of it. `None` leaves a field as it is; `Some(None)` takes it away.
#[derive(Debug, Clone, Default)]
pub struct BrandDraft {
    pub logo_url: Option<Option<String>>,
    pub sender_name: Option<Option<String>>,
    pub signature: Option<Option<String>>,
}

impl Brand {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl BrandDraft {
    /// The brand with the changes. Faults are added to `faults`.
    pub(super) fn apply(&self, brand: &mut Brand, faults: &mut Vec<Violation>) {
        let changes = [
            ("logo_url", &self.logo_url, parse_logo as Parse, &mut brand.logo),
            ("sender_name", &self.sender_name, parse_sender_name, &mut brand.sender_name),
            ("signature", &self.signature, parse_signature, &mut brand.signature),
        ];
        for (property, change, parse, field) in changes {
            if let Some(raw) = change {
                let parsed = raw.as_deref().map(parse).transpose();
                *field = keep(property, parsed, faults).flatten();
            }
        }
    }
}

type Parse = fn(&str) -> Result<String, String>;

/// An address that can stand in an attribute: printable ASCII, no quotes, nobody's credentials.
fn parse_logo(raw: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'<>`|\\^{}".contains(&b);
    let host = raw.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next());
    let host = host.flatten().unwrap_or_default();
    let fits = raw.len() <= LOGO_CHARS_MAX && raw.bytes().all(plain);
    if fits && host.contains('.') && !host.contains('@') {
        Ok(raw.to_owned())
    } else {
        Err(format!("use an https address of at most {LOGO_CHARS_MAX} characters"))
    }
}

fn parse_sender_name(raw: &str) -> Result<String, String> {
    let name = raw.trim();
    let fits = (1..=SENDER_NAME_CHARS_MAX).contains(&name.chars().count());
    // An address in the name is how a forged sender hides the real one.
    if fits && !name.chars().any(|c| c.is_control() || "<>\"@".contains(c)) {
        Ok(name.to_owned())
    } else {
        Err(format!("use 1 to {SENDER_NAME_CHARS_MAX} characters, without quotes, < > or @"))
    }
}

fn parse_signature(raw: &str) -> Result<String, String> {
    let lines: Vec<&str> = raw.trim().lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    let fits = (1..=SIGNATURE_CHARS_MAX).contains(&text.chars().count());
    let control = text.chars().any(|c| c.is_control() && c != '\n');
    if fits && !control && lines.len() <= SIGNATURE_LINES_MAX {
        Ok(text)
    } else {
        let (lines, chars) = (SIGNATURE_LINES_MAX, SIGNATURE_CHARS_MAX);
        Err(format!("use at most {lines} lines of plain text, {chars} characters together"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Option<Option<String>> {
        Some(Some(text.to_owned()))
    }

    #[test]
    fn a_logo_is_markup_or_leads_through_somebody_elses_door() {
        let check = |url: &str, fine: bool| {
            let (mut brand, mut faults) = (Brand::default(), Vec::new());
            let draft = BrandDraft { logo_url: set(url), ..BrandDraft::default() };
            draft.apply(&mut brand, &mut faults);
            assert_eq!((faults.is_empty(), brand.logo.is_some()), (fine, fine), "{url}");
        };
        check("https://cdn.example.com/logo.png?v=2", true);
        for bad in [
            "",
            "http://cdn.example.com/logo.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://",
            "https://localhost/x.png",
            "https://user@cdn.example.com/x.png",
            "https://cdn.example.com/\"onerror=",
            "https://cdn.example.com/ x.png",
        ] {
            check(bad, false);
        }
        check(&format!("https://cdn.example.com/{}", "x".repeat(LOGO_CHARS_MAX)), false);
    }

    #[test]
    fn a_signature_or_a_sender_breaks_out_of_its_place() {
        let check = |draft: BrandDraft, expected: &[&str]| {
            let mut faults = Vec::new();
            draft.apply(&mut Brand::default(), &mut faults);
            let properties: Vec<_> = faults.iter().map(|fault| fault.property.as_str()).collect();
            assert_eq!(properties, expected, "{draft:?}");
        };
        let of = |sender: &str, signature: &str| BrandDraft {
            sender_name: set(sender),
            signature: set(signature),
            ..BrandDraft::default()
        };
        check(of("Contas Acme", "Acme Ltda\nRua A, 1"), &[]);
        check(of("Acme <a@b.example>", "x\u{0}"), &["sender_name", "signature"]);
        check(of("a\r\nBcc: x", &"x".repeat(501)), &["sender_name", "signature"]);
        check(of("", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk"), &["sender_name", "signature"]);
    }

    #[test]
    fn a_field_that_is_left_out_is_taken_away() {
        let mut brand = Brand {
            signature: Some("x".to_owned()),
            sender_name: Some("y".to_owned()),
            logo: None,
        };
        let draft = BrandDraft { sender_name: Some(None), ..BrandDraft::default() };
        draft.apply(&mut brand, &mut Vec::new());
        assert_eq!((brand.signature.as_deref(), brand.sender_name), (Some("x"), None));
    }
}
