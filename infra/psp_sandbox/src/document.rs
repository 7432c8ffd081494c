//! Judges the body of a charge and keeps the part of it this bank stores.
//!
//! Owns the rules of `CobSolicitada` and `CobVSolicitada` (API Pix 2.9.0) and how a PATCH changes a
//! stored charge. Does not own the life of a charge: see [`crate::charges`]. Invariant: a document
//! that comes out of here holds only known fields, in one normal form, so equal requests are equal
//! documents.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::problem::{Check, Violacao};
use crate::state::{Document, Kind};
use crate::terms;

const KEY_CHARS_MAX: usize = 77;
const REQUEST_TO_PAYER_CHARS_MAX: usize = 140;
const EXTRA_INFO_ITEMS_MAX: usize = 50;
const EXTRA_INFO_NAME_CHARS_MAX: usize = 50;
const EXTRA_INFO_VALUE_CHARS_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 200;
/// Optional text fields of `devedor` with their longest length; `email` has no limit in the
/// specification.
const DEBTOR_TEXTS: [(&str, usize); 5] =
    [("email", 254), ("logradouro", 200), ("cidade", 200), ("uf", 2), ("cep", 8)];
/// `cob.calendario.expiracao` when absent, seconds.
const EXPIRY_SECONDS_DEFAULT: i64 = 86_400;
/// Fields of a charge a caller may send, besides `loc` and `status`.
const FIELDS: [&str; 6] =
    ["calendario", "devedor", "valor", "chave", "solicitacaoPagador", "infoAdicionais"];

/// Judges a whole charge body. `owned` are the keys of this receiver.
pub(crate) fn read(
    kind: Kind,
    body: &Map<String, Value>,
    owned: &[String],
    issued_on: NaiveDate,
) -> Result<Document, Vec<Violacao>> {
    let mut check = Check::new(kind.root());
    let mut doc = Document::new();
    match kind {
        Kind::Cob => read_cob(body, &mut doc, &mut check),
        Kind::Cobv => read_cobv(body, issued_on, &mut doc, &mut check),
    }
    read_debtor(kind, body.get("devedor"), &mut doc, &mut check);
    read_key(body.get("chave"), owned, &mut doc, &mut check);
    read_texts(body, &mut doc, &mut check);
    if check.is_clean() { Ok(doc) } else { Err(check.into_violacoes()) }
}

/// The fields of `patch` laid over a stored document. `calendario` and `valor` merge field by
/// field, everything else is replaced whole; `null` changes nothing.
pub(crate) fn merged(stored: &Document, patch: &Map<String, Value>) -> Map<String, Value> {
    let mut body = stored.clone();
    for field in FIELDS {
        let Some(change) = patch.get(field).filter(|value| !value.is_null()) else { continue };
        match (body.get_mut(field), change) {
            (Some(Value::Object(old)), Value::Object(new))
                if matches!(field, "calendario" | "valor") =>
            {
                for (name, value) in new.iter().filter(|(_, value)| !value.is_null()) {
                    old.insert(name.clone(), value.clone());
                }
            }
            _ => {
                body.insert(field.to_owned(), change.clone());
            }
        }
    }
    body
}

/// Whether the body changes anything besides `status`.
pub(crate) fn has_changes(body: &Map<String, Value>) -> bool {
    let sent = |field: &str| body.get(field).is_some_and(|value| !value.is_null());
    FIELDS.iter().any(|field| sent(field)) || sent("loc")
}

/// `loc.id`: `Ok(None)` when absent, `Err` when it is not a number.
pub(crate) fn location_id(kind: Kind, body: &Map<String, Value>) -> Result<Option<i64>, Violacao> {
    match body.get("loc").map(|loc| &loc["id"]) {
        None | Some(Value::Null) => Ok(None),
        Some(id) => id.as_i64().map(Some).ok_or_else(|| Violacao {
            razao: "O campo loc.id não respeita o schema.".to_owned(),
            propriedade: format!("{}.loc.id", kind.root()),
            valor: Some(id.to_string()),
        }),
    }
}

fn read_cob(body: &Map<String, Value>, doc: &mut Document, check: &mut Check) {
    let calendario = body.get("calendario").unwrap_or(&Value::Null);
    if !calendario.is_object() {
        check.schema("calendario", Some(calendario));
    }
    let expiracao = match &calendario["expiracao"] {
        Value::Null => EXPIRY_SECONDS_DEFAULT,
        value => match value.as_i64().filter(|seconds| *seconds <= i64::from(i32::MAX)) {
            Some(seconds) if seconds > 0 => seconds,
            Some(_) => {
                check.fail("calendario.expiracao", "é igual ou menor que zero", Some(value));
                EXPIRY_SECONDS_DEFAULT
            }
            None => {
                check.schema("calendario.expiracao", Some(value));
                EXPIRY_SECONDS_DEFAULT
            }
        },
    };
    doc.insert("calendario".to_owned(), json!({"expiracao": expiracao}));
    let valor = body.get("valor").unwrap_or(&Value::Null);
    let original = terms::read_original(&valor["original"], check).unwrap_or_default();
    let mut normal = json!({"original": original.to_string()});
    match valor["modalidadeAlteracao"].as_u64() {
        Some(mode @ 0..=1) => normal["modalidadeAlteracao"] = json!(mode),
        _ if valor["modalidadeAlteracao"].is_null() => {}
        _ => check.schema("valor.modalidadeAlteracao", Some(&valor["modalidadeAlteracao"])),
    }
    if !valor["retirada"].is_null() {
        check.fail("valor.retirada", "não é oferecido por este PSP", Some(&valor["retirada"]));
    }
    doc.insert("valor".to_owned(), normal);
}

fn read_cobv(
    body: &Map<String, Value>,
    issued_on: NaiveDate,
    doc: &mut Document,
    check: &mut Check,
) {
    if let Some(terms) = terms::read(body, Some(issued_on), check) {
        let calendario = json!({
            "dataDeVencimento": terms.due,
            "validadeAposVencimento": terms.validity_days,
        });
        doc.insert("calendario".to_owned(), calendario);
        doc.insert("valor".to_owned(), terms::normal_valor(&terms));
    }
}

/// `devedor`: one document, `cpf` xor `cnpj`, and a name. Optional on a `cob` only.
fn read_debtor(kind: Kind, value: Option<&Value>, doc: &mut Document, check: &mut Check) {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        if kind == Kind::Cobv {
            check.schema("devedor", None);
        }
        return;
    };
    let mut debtor = Map::new();
    let document = match (&value["cpf"], &value["cnpj"]) {
        (Value::String(cpf), Value::Null) if is_cpf(cpf) => Some(("cpf", cpf)),
        (Value::Null, Value::String(cnpj)) if is_cnpj(cnpj) => Some(("cnpj", cnpj)),
        _ => None,
    };
    match document {
        Some((field, digits)) => {
            debtor.insert(field.to_owned(), json!(digits));
        }
        None => check.schema("devedor", Some(value)),
    }
    match value["nome"].as_str() {
        Some(name) if (1..=NAME_CHARS_MAX).contains(&name.chars().count()) => {
            debtor.insert("nome".to_owned(), json!(name));
        }
        _ => check.schema("devedor.nome", Some(&value["nome"])),
    }
    for (field, chars_max) in DEBTOR_TEXTS {
        match &value[field] {
            Value::Null => {}
            Value::String(text) if text.chars().count() <= chars_max => {
                debtor.insert(field.to_owned(), json!(text));
            }
            other => check.schema(&format!("devedor.{field}"), Some(other)),
        }
    }
    doc.insert("devedor".to_owned(), Value::Object(debtor));
}

fn read_key(value: Option<&Value>, owned: &[String], doc: &mut Document, check: &mut Check) {
    match value.and_then(Value::as_str) {
        Some(key) if key.is_empty() || key.chars().count() > KEY_CHARS_MAX => {
            check.schema("chave", value);
        }
        Some(key) if !owned.iter().any(|owned| owned == key) => {
            check.fail("chave", "não pertence a este usuário recebedor", value);
        }
        Some(key) => {
            doc.insert("chave".to_owned(), json!(key));
        }
        None => check.schema("chave", value),
    }
}

fn read_texts(body: &Map<String, Value>, doc: &mut Document, check: &mut Check) {
    match body.get("solicitacaoPagador").unwrap_or(&Value::Null) {
        Value::Null => {}
        Value::String(text) if text.chars().count() <= REQUEST_TO_PAYER_CHARS_MAX => {
            doc.insert("solicitacaoPagador".to_owned(), json!(text));
        }
        other => check.schema("solicitacaoPagador", Some(other)),
    }
    match body.get("infoAdicionais").unwrap_or(&Value::Null) {
        Value::Null => {}
        Value::Array(items)
            if items.len() <= EXTRA_INFO_ITEMS_MAX && items.iter().all(is_extra_info) =>
        {
            let items: Vec<Value> = items
                .iter()
                .map(|item| json!({"nome": item["nome"], "valor": item["valor"]}))
                .collect();
            doc.insert("infoAdicionais".to_owned(), json!(items));
        }
        _ => check.schema("infoAdicionais", None),
    }
}

fn is_extra_info(item: &Value) -> bool {
    let fits = |field: &str, chars_max: usize| {
        item[field].as_str().is_some_and(|text| text.chars().count() <= chars_max)
    };
    fits("nome", EXTRA_INFO_NAME_CHARS_MAX) && fits("valor", EXTRA_INFO_VALUE_CHARS_MAX)
}

/// `^\d{11}$`.
pub(crate) fn is_cpf(text: &str) -> bool {
    text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `^[0-9A-Z]{14}$`: alphanumeric since API Pix 2.9.0.
pub(crate) fn is_cnpj(text: &str) -> bool {
    text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// `[a-zA-Z0-9]{min,max}`, anchored.
pub(crate) fn is_alphanumeric(text: &str, chars_min: usize, chars_max: usize) -> bool {
    (chars_min..=chars_max).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
