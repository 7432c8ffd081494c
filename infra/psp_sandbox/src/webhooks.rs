//! `/webhook`: where this bank calls back, one URL per key.
//!
//! Owns registration. Calling back is another matter: see [`crate::callbacks`]. Invariant: only a
//! key of this receiver has a webhook. Plain `http` is accepted, unlike at a real bank, so that a
//! local run needs no certificate.

use serde_json::{Map, Value, json};

use crate::Bank;
use crate::charges::storage_failed;
use crate::problem::{Check, Problem, Reply};
use crate::query::{Listing, Params, timestamp};
use crate::state::{Book, Change, Webhook};

const URL_CHARS_MAX: usize = 2_048;

impl Bank {
    /// `PUT /webhook/{chave}`: 200 with no body.
    pub(crate) fn put_webhook(
        &self,
        chave: &str,
        body: &Map<String, Value>,
    ) -> Result<Reply, Problem> {
        let mut check = Check::new("webhook");
        if !self.config().keys.iter().any(|owned| owned == chave) {
            check.fail("chave", "não pertence a este usuário recebedor", Some(&chave.into()));
        }
        let value = body.get("webhookUrl");
        let url = value.and_then(Value::as_str).filter(|url| is_url(url));
        if url.is_none() {
            check.schema("webhookUrl", value);
        }
        let (Some(url), true) = (url, check.is_clean()) else {
            let detail = "A presente requisição busca criar um webhook sem respeitar o schema ou, \
                          ainda, com sentido semanticamente inválido.";
            let violacoes = check.into_violacoes();
            return Err(Problem::invalid("WebhookOperacaoInvalida", detail, violacoes));
        };
        let criacao = self.now();
        let webhook = Webhook { chave: chave.to_owned(), url: url.to_owned(), criacao };
        self.book().commit(vec![Change::Webhook(webhook)]).map_err(storage_failed)?;
        Ok(Reply::empty(200))
    }

    /// `GET /webhook/{chave}`.
    pub(crate) fn get_webhook(&self, chave: &str) -> Result<Reply, Problem> {
        let book = self.book();
        Ok(Reply::json(200, self.webhook_json(found(&book, chave)?)))
    }

    /// `DELETE /webhook/{chave}`: 204.
    pub(crate) fn delete_webhook(&self, chave: &str) -> Result<Reply, Problem> {
        let mut book = self.book();
        found(&book, chave)?;
        book.commit(vec![Change::WebhookRemoved(chave.to_owned())]).map_err(storage_failed)?;
        Ok(Reply::empty(204))
    }

    /// `GET /webhook`: the window is optional here.
    pub(crate) fn list_webhooks(&self, params: &Params<'_>) -> Result<Reply, Problem> {
        let mut check = Check::new("");
        let listing = Listing::read(params, false, &mut check);
        if !check.is_clean() {
            let detail = "Os parâmetros de consulta são inválidos.";
            let violacoes = check.into_violacoes();
            return Err(Problem::invalid("WebhookConsultaInvalida", detail, violacoes));
        }
        let book = self.book();
        let webhooks: Vec<&Webhook> =
            book.webhooks.values().filter(|webhook| listing.covers(webhook.criacao)).collect();
        Ok(listing.answer("webhooks", &webhooks, |webhook| self.webhook_json(webhook)))
    }

    fn webhook_json(&self, webhook: &Webhook) -> Value {
        json!({
            "webhookUrl": webhook.url,
            "chave": webhook.chave,
            "cnpj": self.config().receiver.cnpj,
            "criacao": timestamp(webhook.criacao),
        })
    }
}

fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && url.len() <= URL_CHARS_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic())
}

fn found<'a>(book: &'a Book, chave: &str) -> Result<&'a Webhook, Problem> {
    let detail = "O webhook denotado por chave não encontra-se estabelecido.";
    let webhook = book.webhooks.get(chave);
    webhook.ok_or_else(|| Problem::not_found("WebhookNaoEncontrado", detail))
}
