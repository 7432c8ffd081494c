//! How this bank says no: `application/problem+json` as API Pix 2.9.0 spells it.
//!
//! Owns the `Problema` body, its `violacoes` and the success [`Reply`] beside it. Does not decide
//! anything. Invariant: every `type` is `https://pix.bcb.gov.br/api/v2/error/<Tipo>`.

use serde::Serialize;
use serde_json::{Value, json};

const TYPE_PREFIX: &str = "https://pix.bcb.gov.br/api/v2/error/";

/// One `violacao`: what is wrong, where, and with which value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Violacao {
    pub razao: String,
    pub propriedade: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valor: Option<String>,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub status: u16,
    pub tipo: &'static str,
    pub title: &'static str,
    pub detail: String,
    pub violacoes: Vec<Violacao>,
}

impl Problem {
    /// 400: the request breaks the schema or makes no sense.
    pub fn invalid(tipo: &'static str, detail: &str, violacoes: Vec<Violacao>) -> Self {
        Self {
            status: 400, tipo, title: "Requisição inválida.", detail: detail.into(), violacoes
        }
    }

    /// 404.
    pub fn not_found(tipo: &'static str, detail: &str) -> Self {
        let title = "Não Encontrado";
        Self { status: 404, tipo, title, detail: detail.into(), violacoes: Vec::new() }
    }

    /// 410: it existed and will not come back.
    pub fn gone(tipo: &'static str, detail: &str) -> Self {
        Self { status: 410, ..Self::not_found(tipo, detail) }
    }

    /// 401, which the specification does not define and every bank answers.
    pub fn unauthorized() -> Self {
        let detail = "Token de acesso ausente, inválido ou expirado.".to_owned();
        let title = "Não Autorizado";
        Self { status: 401, tipo: "AcessoNegado", title, detail, violacoes: Vec::new() }
    }

    /// Any other status, without violations.
    pub fn plain(status: u16, tipo: &'static str, title: &'static str, detail: &str) -> Self {
        Self { status, tipo, title, detail: detail.into(), violacoes: Vec::new() }
    }

    fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("{TYPE_PREFIX}{}", self.tipo),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        });
        if !self.violacoes.is_empty() {
            body["violacoes"] = json!(self.violacoes);
        }
        body
    }
}

/// An answer before it becomes an HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    /// `None` answers with no body at all.
    pub body: Option<Value>,
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        let content_type = "application/json";
        Self { status, content_type, headers: Vec::new(), body: Some(body) }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: None }
    }

    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let reply = Self {
            status: problem.status,
            content_type: "application/problem+json",
            headers: Vec::new(),
            body: Some(problem.body()),
        };
        if problem.status == 401 {
            return reply.with_header("www-authenticate", "Bearer".to_owned());
        }
        reply
    }
}

/// Collects every violation of one request before it is refused.
pub(crate) struct Check {
    /// The property prefix: `cob`, `cobv`, `devolucao` or `webhook`; empty for query parameters.
    root: &'static str,
    violacoes: Vec<Violacao>,
}

impl Check {
    pub fn new(root: &'static str) -> Self {
        Self { root, violacoes: Vec::new() }
    }

    /// Records that `path` is wrong because of `razao`.
    pub fn fail(&mut self, path: &str, razao: &str, value: Option<&Value>) {
        let propriedade = match self.root {
            "" => path.to_owned(),
            root => format!("{root}.{path}"),
        };
        let valor = value.filter(|value| !value.is_null()).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        self.violacoes.push(Violacao {
            razao: format!("O campo {propriedade} {razao}."),
            propriedade,
            valor,
        });
    }

    /// The most common reason.
    pub fn schema(&mut self, path: &str, value: Option<&Value>) {
        self.fail(path, "não respeita o schema", value);
    }

    pub fn is_clean(&self) -> bool {
        self.violacoes.is_empty()
    }

    pub fn into_violacoes(self) -> Vec<Violacao> {
        self.violacoes
    }
}
