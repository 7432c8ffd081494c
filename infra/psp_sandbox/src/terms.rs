//! Reads `valor` and `calendario` of a `cobv` into [`Terms`], naming every violation.
//!
//! Owns the schema and semantic rules of `CobVValor` and `CobDataDeVencimento` (API Pix 2.9.0,
//! `CobVOperacaoInvalida`). Does not own who owes or which key: see [`crate::document`]. Invariant:
//! terms that come out of here give an amount API Pix can carry on every payable day.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

use crate::amount::{Desconto, OutOfRange, Rule, Terms};
use crate::money::{Centavos, hundredths};
use crate::problem::Check;

/// `validadeAposVencimento` when the request does not bring it (`CobDataDeVencimento`).
const VALIDITY_DAYS_DEFAULT: u32 = 30;
/// The longest validity this bank accepts; the specification sets no maximum.
const VALIDITY_DAYS_MAX: u32 = 3_650;
/// The last year this bank's calendar covers.
const DUE_YEAR_MAX: i32 = 2_199;
/// Most items of `descontoDataFixa`.
const DISCOUNT_DATES_MAX: usize = 3;
/// 100.00% in hundredths.
const WHOLE_PERCENT: i64 = 10_000;

/// The terms of a stored, already validated charge. `None` only for a foreign document.
pub(crate) fn of_document(doc: &Map<String, Value>) -> Option<Terms> {
    read(doc, None, &mut Check::new("cobv"))
}

/// Reads and judges the terms; `issued_on` is the day the charge was created, when it matters.
pub(crate) fn read(
    body: &Map<String, Value>,
    issued_on: Option<NaiveDate>,
    check: &mut Check,
) -> Option<Terms> {
    let calendario = body.get("calendario").unwrap_or(&Value::Null);
    let valor = body.get("valor").unwrap_or(&Value::Null);
    let due = read_due(&calendario["dataDeVencimento"], issued_on, check);
    let validity_days = read_validity(&calendario["validadeAposVencimento"], check);
    let original = read_original(&valor["original"], check);
    let multa = read_rule(valor, "multa", 2, check);
    let juros = read_rule(valor, "juros", 8, check);
    let abatimento = read_rule(valor, "abatimento", 2, check);
    let desconto = read_desconto(&valor["desconto"], due, original, check);
    if let (Some(rule), Some(original)) = (abatimento, original) {
        refuse_whole(rule, original, "valor.abatimento", check);
    }
    if !check.is_clean() {
        return None;
    }
    let terms = Terms {
        original: original?,
        due: due?,
        validity_days: validity_days?,
        multa,
        juros,
        abatimento,
        desconto,
    };
    if let Some(issued_on) = issued_on {
        refuse_unpayable(&terms, issued_on, check);
    }
    check.is_clean().then_some(terms)
}

/// The normalised `valor`: numbers for every `modalidade`, only the fields of the specification.
pub(crate) fn normal_valor(terms: &Terms) -> Value {
    let rule =
        |rule: &Rule| json!({"modalidade": rule.modalidade, "valorPerc": money(rule.hundredths)});
    let mut valor = json!({"original": terms.original.to_string()});
    let parts =
        [("multa", &terms.multa), ("juros", &terms.juros), ("abatimento", &terms.abatimento)];
    for (name, part) in parts {
        if let Some(part) = part {
            valor[name] = rule(part);
        }
    }
    match &terms.desconto {
        Some(Desconto::PerDay(part)) => valor["desconto"] = rule(part),
        Some(Desconto::UntilDates { modalidade, items }) => {
            let dates: Vec<Value> = items
                .iter()
                .map(|(date, value)| json!({"data": date, "valorPerc": money(*value)}))
                .collect();
            valor["desconto"] = json!({"modalidade": modalidade, "descontoDataFixa": dates});
        }
        None => {}
    }
    valor
}

fn money(hundredths: i64) -> String {
    Centavos(hundredths).to_string()
}

fn read_due(value: &Value, issued_on: Option<NaiveDate>, check: &mut Check) -> Option<NaiveDate> {
    let path = "calendario.dataDeVencimento";
    let due = value.as_str().and_then(date).filter(|due| due.year() <= DUE_YEAR_MAX);
    match due {
        None => check.schema(path, Some(value)),
        Some(due) if issued_on.is_some_and(|issued_on| due < issued_on) => {
            check.fail(path, "é anterior à data de criação da cobrança", Some(value));
        }
        Some(_) => {}
    }
    due
}

fn read_validity(value: &Value, check: &mut Check) -> Option<u32> {
    if value.is_null() {
        return Some(VALIDITY_DAYS_DEFAULT);
    }
    let path = "calendario.validadeAposVencimento";
    match value.as_i64() {
        Some(days) if days < 0 => {
            check.fail(path, "é menor do que zero", Some(value));
            None
        }
        Some(days) if days <= i64::from(VALIDITY_DAYS_MAX) => u32::try_from(days).ok(),
        _ => {
            check.schema(path, Some(value));
            None
        }
    }
}

/// `valor.original`: the pattern, and never zero.
pub(crate) fn read_original(value: &Value, check: &mut Check) -> Option<Centavos> {
    match value.as_str().and_then(Centavos::parse) {
        None => check.schema("valor.original", Some(value)),
        Some(Centavos(0)) => check.fail("valor.original", "apresenta o valor zero", Some(value)),
        Some(original) => return Some(original),
    }
    None
}

/// A `{modalidade, valorPerc}` object with `modalidade` in 1..=`modalidade_max`.
fn read_rule(valor: &Value, name: &str, modalidade_max: u8, check: &mut Check) -> Option<Rule> {
    let value = &valor[name];
    if value.is_null() {
        return None;
    }
    let rule = modalidade(&value["modalidade"], modalidade_max)
        .zip(value["valorPerc"].as_str().and_then(hundredths))
        .map(|(modalidade, hundredths)| Rule { modalidade, hundredths });
    if rule.is_none() {
        check.schema(&format!("valor.{name}"), Some(value));
    }
    rule
}

/// The examples of the specification write `modalidade` as a string: both forms are read.
fn modalidade(value: &Value, max: u8) -> Option<u8> {
    let number = match value {
        Value::String(text) => text.parse().ok()?,
        other => u8::try_from(other.as_u64()?).ok()?,
    };
    (1..=max).contains(&number).then_some(number)
}

fn read_desconto(
    value: &Value,
    due: Option<NaiveDate>,
    original: Option<Centavos>,
    check: &mut Check,
) -> Option<Desconto> {
    if value.is_null() {
        return None;
    }
    let path = "valor.desconto";
    let Some(modalidade) = modalidade(&value["modalidade"], 6) else {
        check.schema(path, Some(value));
        return None;
    };
    let (dates, per_day) = (&value["descontoDataFixa"], &value["valorPerc"]);
    if modalidade >= 3 {
        if !dates.is_null() {
            check.fail("valor.desconto.descontoDataFixa", "não cabe nesta modalidade", Some(dates));
        }
        let Some(hundredths) = per_day.as_str().and_then(hundredths) else {
            check.schema("valor.desconto.valorPerc", Some(per_day));
            return None;
        };
        let rule = Rule { modalidade, hundredths };
        if let Some(original) = original {
            let percent = modalidade >= 5;
            refuse_whole(Rule { modalidade: 1 + u8::from(percent), ..rule }, original, path, check);
        }
        return Some(Desconto::PerDay(rule));
    }
    if !per_day.is_null() {
        check.fail("valor.desconto.valorPerc", "não cabe nesta modalidade", Some(per_day));
    }
    read_dates(modalidade, dates, due, original, check)
}

fn read_dates(
    modalidade: u8,
    dates: &Value,
    due: Option<NaiveDate>,
    original: Option<Centavos>,
    check: &mut Check,
) -> Option<Desconto> {
    let path = "valor.desconto.descontoDataFixa";
    let list = dates.as_array().filter(|list| (1..=DISCOUNT_DATES_MAX).contains(&list.len()));
    let Some(list) = list else {
        check.schema(path, Some(dates));
        return None;
    };
    let mut items = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let until = item["data"].as_str().and_then(date);
        let Some((until, value)) = until.zip(item["valorPerc"].as_str().and_then(hundredths))
        else {
            check.schema(&path, Some(item));
            continue;
        };
        if due.is_some_and(|due| until > due) {
            check.fail(&format!("{path}.data"), "é posterior à data de vencimento", Some(item));
        }
        if let Some(original) = original {
            refuse_whole(Rule { modalidade, hundredths: value }, original, &path, check);
        }
        items.push((until, value));
    }
    items.sort_by_key(|(until, _)| *until);
    if items.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        check.fail(path, "repete uma data", Some(dates));
    }
    Some(Desconto::UntilDates { modalidade, items })
}

/// A rebate or a discount must stay below the whole amount, or below 100%.
fn refuse_whole(rule: Rule, original: Centavos, path: &str, check: &mut Check) {
    let whole = if rule.modalidade == 1 { original.0 } else { WHOLE_PERCENT };
    if rule.hundredths >= whole {
        check.fail(path, "é maior ou igual ao valor original ou a 100%", None);
    }
}

/// Looks at the days on which the amount is smallest and largest.
fn refuse_unpayable(terms: &Terms, issued_on: NaiveDate, check: &mut Check) {
    let mut days = vec![issued_on, terms.adjusted_due(), terms.last_payable_day()];
    if let Some(Desconto::UntilDates { items, .. }) = &terms.desconto {
        days.extend(items.iter().map(|(until, _)| *until));
    }
    for day in days {
        match terms.on(day) {
            Ok(_) => continue,
            Err(OutOfRange::NotPositive) => {
                check.fail("valor", &format!("resulta em valor final zero em {day}"), None);
            }
            Err(OutOfRange::TooLarge) => {
                check.fail("valor", &format!("excede 9999999999.99 em {day}"), None);
            }
        }
        return;
    }
}

/// `YYYY-MM-DD` and nothing else (ISO 8601, ten characters).
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}
