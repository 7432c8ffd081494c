//! What a bank says when it refuses, in one shape, whatever form the bank chose.
//!
//! Owns: reading `application/problem+json` (API Pix 2.9.0, `Problema`) and the private error
//! forms of banks that do not send it.
//! Invariant: documents, phones, e-mail addresses, codes, locations and tokens are masked on the way
//! in, except in the bank's own correlation number, so a problem may be logged and shown to the
//! merchant.

use quita_core::hidden::masked;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest text kept of any field a bank sends back, in characters.
pub const TEXT_CHARS_MAX: usize = 400;
/// Most violations kept.
pub const VIOLATIONS_MAX: usize = 50;
/// Longest correlation number kept, in bytes.
const REFERENCE_BYTES_MAX: usize = 100;

/// A refusal. `status` is the HTTP status, even if the body claims another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The `type` URI, or the bank's own code; empty when it gave none.
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// More words, if any.
    pub detail: Option<String>,
    /// The bank's number for this answer, to quote to its support.
    pub correlation_id: Option<String>,
    /// The `violacoes`: which property and why.
    pub violations: Vec<ProblemViolation>,
}

/// One of the `violacoes`. The offending value is left out: it may be personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemViolation {
    /// `propriedade`, e.g. `cobv.devedor`.
    pub property: String,
    /// `razao`.
    pub reason: String,
}

impl Problem {
    /// A problem this client states itself.
    #[must_use]
    pub fn stated(status: u16, kind: &str, title: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            title: title.to_owned(),
            status,
            detail: None,
            correlation_id: None,
            violations: Vec::new(),
        }
    }

    /// The last segment of `kind`, e.g. `CobVOperacaoInvalida`.
    #[must_use]
    pub fn tipo(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or(&self.kind)
    }

    /// Reads the body of a refusal. Never fails: an unreadable body gives a problem that says so
    /// and keeps none of it, since it may be anything.
    #[must_use]
    pub fn decode(status: u16, body: &[u8]) -> Self {
        let parsed = serde_json::from_slice::<Value>(body).unwrap_or(Value::Null);
        // Some gateways wrap a single error in a list.
        let object = match &parsed {
            Value::Array(items) if items.len() == 1 => &items[0],
            other => other,
        };
        [bacen, efi, erros, oauth, gateway]
            .iter()
            .find_map(|form| form(object, status))
            .unwrap_or_else(|| {
                Self::stated(
                    status,
                    "",
                    &format!("the bank answered HTTP {status} without saying why"),
                )
            })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (HTTP {})", self.title, self.status)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        for violation in &self.violations {
            write!(f, "; {}: {}", violation.property, violation.reason)?;
        }
        Ok(())
    }
}

/// API Pix: `{type, title, status, detail, correlationId, violacoes}`.
fn bacen(body: &Value, status: u16) -> Option<Problem> {
    let title = text(body, "title").or_else(|| text(body, "type"))?;
    let violations =
        body.get("violacoes").and_then(Value::as_array).map_or_else(Vec::new, |list| {
            list.iter()
                .take(VIOLATIONS_MAX)
                .map(|item| violation(item, "propriedade", "razao"))
                .collect()
        });
    Some(Problem {
        kind: text(body, "type").unwrap_or_default(),
        detail: text(body, "detail"),
        correlation_id: reference(body, "correlationId"),
        violations,
        ..Problem::stated(status, "", &title)
    })
}

/// Efí: `{nome, mensagem, erros?: [{caminho|chave, mensagem}]}`.
fn efi(body: &Value, status: u16) -> Option<Problem> {
    let kind = text(body, "nome")?;
    let title = text(body, "mensagem").unwrap_or_else(|| kind.clone());
    let violations = body.get("erros").and_then(Value::as_array).map_or_else(Vec::new, |list| {
        list.iter()
            .take(VIOLATIONS_MAX)
            .map(|item| violation(item, "caminho", "mensagem"))
            .collect()
    });
    Some(Problem { violations, ..Problem::stated(status, &kind, &title) })
}

/// Banco do Brasil: `{erros: [{codigo, mensagem, ocorrencia}]}`.
fn erros(body: &Value, status: u16) -> Option<Problem> {
    let list = body.get("erros").and_then(Value::as_array)?;
    let first = list.first()?;
    Some(Problem {
        correlation_id: reference(first, "ocorrencia"),
        violations: list
            .iter()
            .skip(1)
            .take(VIOLATIONS_MAX)
            .map(|item| violation(item, "codigo", "mensagem"))
            .collect(),
        ..Problem::stated(
            status,
            &text(first, "codigo").unwrap_or_default(),
            &text(first, "mensagem")?,
        )
    })
}

/// OAuth (RFC 6749 section 5.2): `{error, error_description}`.
fn oauth(body: &Value, status: u16) -> Option<Problem> {
    let kind = text(body, "error")?;
    let title = text(body, "error_description").or_else(|| text(body, "message"));
    Some(Problem::stated(status, &kind, &title.unwrap_or_else(|| kind.clone())))
}

/// API gateways: `{message}` or `{mensagem}` with an optional `code` or `codigo`.
fn gateway(body: &Value, status: u16) -> Option<Problem> {
    let title = text(body, "message").or_else(|| text(body, "mensagem"))?;
    let kind = text(body, "code").or_else(|| text(body, "codigo")).unwrap_or_default();
    Some(Problem::stated(status, &kind, &title))
}

fn violation(item: &Value, property: &str, reason: &str) -> ProblemViolation {
    ProblemViolation {
        property: text(item, property).unwrap_or_default(),
        reason: text(item, reason).unwrap_or_default(),
    }
}

/// A number to quote to the bank's support, as it stands; anything that is not one is absent.
fn reference(body: &Value, field: &str) -> Option<String> {
    let text = body.get(field)?.as_str()?;
    let fits = (1..=REFERENCE_BYTES_MAX).contains(&text.len());
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    (fits && plain).then(|| text.to_owned())
}

/// A field as bounded, masked text; numbers are written out, anything else is absent.
fn text(body: &Value, field: &str) -> Option<String> {
    let raw = match body.get(field)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let bounded: String =
        raw.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_CHARS_MAX).collect();
    (!bounded.trim().is_empty()).then(|| masked(bounded.trim()))
}

#[cfg(test)]
mod tests;
