//! Query parameters and pages of every list of API Pix 2.9.0.
//!
//! Owns `inicio`, `fim`, `paginacao.*` and the `parametros` echo. Does not own the filters of one
//! list: its module reads them. Invariant: pages count from 0, and `quantidadeDePaginas` is at
//! least 1.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::document::{is_cnpj, is_cpf};
use crate::problem::{Check, Reply};

const PAGE_ITEMS_DEFAULT: usize = 100;
const PAGE_ITEMS_MAX: usize = 1_000;

/// The parsed part every list has in common.
pub(crate) struct Listing {
    inicio: Option<DateTime<Utc>>,
    fim: Option<DateTime<Utc>>,
    page: usize,
    page_items: usize,
    echo: Map<String, Value>,
}

/// Decoded query parameters.
pub(crate) struct Params<'a>(pub &'a [(String, String)]);

impl Params<'_> {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Listing {
    /// Reads the window and the page. `GET /webhook` alone does without a window.
    pub fn read(params: &Params<'_>, window_required: bool, check: &mut Check) -> Self {
        let mut listing = Self {
            inicio: None,
            fim: None,
            page: number(params, "paginacao.paginaAtual", 0, check),
            page_items: number(params, "paginacao.itensPorPagina", PAGE_ITEMS_DEFAULT, check),
            echo: Map::new(),
        };
        if !(1..=PAGE_ITEMS_MAX).contains(&listing.page_items) {
            let text = listing.page_items.into();
            check.schema("paginacao.itensPorPagina", Some(&text));
        }
        listing.inicio = instant(params, "inicio", window_required, check);
        listing.fim = instant(params, "fim", window_required, check);
        if let (Some(inicio), Some(fim)) = (listing.inicio, listing.fim)
            && fim < inicio
        {
            check.fail(
                "fim",
                "é anterior ao parâmetro inicio",
                params.get("fim").map(Value::from).as_ref(),
            );
        }
        for name in ["inicio", "fim"] {
            listing.note(name, params.get(name).map(Value::from));
        }
        listing
    }

    /// Echoes a filter in `parametros`, when it was given.
    pub fn note(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.echo.insert(name.to_owned(), value);
        }
    }

    /// Whether `instant` lies in the window, both ends included.
    pub fn covers(&self, instant: DateTime<Utc>) -> bool {
        self.inicio.is_none_or(|inicio| instant >= inicio)
            && self.fim.is_none_or(|fim| instant <= fim)
    }

    /// `true` or `false`; anything else is a violation.
    pub fn flag(&mut self, params: &Params<'_>, name: &str, check: &mut Check) -> Option<bool> {
        let text = params.get(name)?;
        let flag = text.parse::<bool>().ok();
        if flag.is_none() {
            check.schema(name, Some(&text.into()));
        }
        self.note(name, flag.map(Value::from));
        flag
    }

    /// The `cpf` xor `cnpj` filter.
    pub fn document(&mut self, params: &Params<'_>, check: &mut Check) -> Option<String> {
        let (cpf, cnpj) = (params.get("cpf"), params.get("cnpj"));
        match (cpf, cnpj) {
            (Some(cpf), Some(_)) => {
                check.fail("cpf", "não pode acompanhar o parâmetro cnpj", Some(&cpf.into()));
            }
            (Some(cpf), None) if !is_cpf(cpf) => check.schema("cpf", Some(&cpf.into())),
            (None, Some(cnpj)) if !is_cnpj(cnpj) => check.schema("cnpj", Some(&cnpj.into())),
            _ => {}
        }
        self.note("cpf", cpf.map(Value::from));
        self.note("cnpj", cnpj.map(Value::from));
        cpf.or(cnpj).map(str::to_owned)
    }

    /// The answer: this page of `items` under `name`.
    pub fn answer<T>(mut self, name: &str, items: &[T], show: impl Fn(&T) -> Value) -> Reply {
        let pages = items.len().div_ceil(self.page_items).max(1);
        let first = self.page.saturating_mul(self.page_items);
        let page: Vec<Value> = items.iter().skip(first).take(self.page_items).map(show).collect();
        let paginacao = json!({
            "paginaAtual": self.page,
            "itensPorPagina": self.page_items,
            "quantidadeDePaginas": pages,
            "quantidadeTotalDeItens": items.len(),
        });
        self.echo.insert("paginacao".to_owned(), paginacao);
        Reply::json(200, json!({"parametros": self.echo, name: page}))
    }
}

fn number(params: &Params<'_>, name: &str, default: usize, check: &mut Check) -> usize {
    let Some(text) = params.get(name) else { return default };
    text.parse().unwrap_or_else(|_| {
        check.schema(name, Some(&text.into()));
        default
    })
}

fn instant(
    params: &Params<'_>,
    name: &str,
    required: bool,
    check: &mut Check,
) -> Option<DateTime<Utc>> {
    let text = params.get(name);
    let instant = text
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .map(|instant| instant.with_timezone(&Utc));
    if instant.is_none() && (required || text.is_some()) {
        check.schema(name, text.map(Value::from).as_ref());
    }
    instant
}

/// An instant as this bank writes it: UTC with milliseconds.
pub(crate) fn timestamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
