//! Lists, walked from page 0 to the end of the window.

use chrono::{DateTime, Utc};
use quita_core::ids::Txid;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::HashMap;

use super::PspClient;
use super::request::{Call, read_json};
use crate::error::{PixError, UnknownCause};
use crate::item::{Malformed, read_item, read_pix};
use crate::wire::{
    CobGerada, CobVGerada, CobrancaStatus, Paginacao, Parametros, PayloadLocation, Pix,
    WebhookCompleto, format_horario,
};

/// Items asked for per page unless [`ClientOptions`](super::ClientOptions) says otherwise; the default
/// of API Pix 2.9.0, whose maximum is 1000.
pub const ITEMS_PER_PAGE: u32 = 100;
/// Most pages walked for one list; ask for a shorter window beyond it.
pub const PAGES_MAX: u32 = 200;

/// A stretch of time, both ends included. Charges and locations are filtered by creation, Pix by
/// settlement. Large windows time out at some banks: prefer one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// `inicio`.
    pub from: DateTime<Utc>,
    /// `fim`.
    pub until: DateTime<Utc>,
}

/// Which charges to list.
#[derive(Clone, Debug)]
pub struct ChargeFilter {
    /// By creation.
    pub window: Window,
    /// Only this status.
    pub status: Option<CobrancaStatus>,
}

/// Which Pix to list.
#[derive(Clone, Debug)]
pub struct PixFilter {
    /// By settlement.
    pub window: Window,
    /// Only this txid.
    pub txid: Option<Txid>,
    /// Only with, or only without, a txid.
    pub has_txid: Option<bool>,
    /// Only with, or only without, a refund.
    pub has_refund: Option<bool>,
}

impl PixFilter {
    /// Every Pix settled within `window`.
    #[must_use]
    pub fn settled_within(window: Window) -> Self {
        Self { window, txid: None, has_txid: None, has_refund: None }
    }
}

/// A whole list, with the items that could not be read set apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Read.
    pub items: Vec<T>,
    /// Not readable; `index` counts within its page.
    pub malformed: Vec<Malformed>,
}

/// One page of Pix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixPage {
    /// Its content.
    pub listed: Listed<Pix>,
    /// The next page, or `None` at the end.
    pub next: Option<u32>,
}

type ReadItem<T> = fn(usize, &RawValue) -> Result<T, Malformed>;

/// Which list to walk: its path, the name of its array, its query.
struct ListOf<T> {
    op: &'static str,
    path: &'static str,
    array: &'static str,
    query: Vec<(&'static str, String)>,
    read: ReadItem<T>,
}

impl PspClient {
    /// `GET /cob`, all pages.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn list_cob(&self, filter: &ChargeFilter) -> Result<Listed<CobGerada>, PixError> {
        self.walk(charges("list_cob", "cob", filter)).await
    }

    /// `GET /cobv`, all pages. Its array is called `cobs` too.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn list_cobv(&self, filter: &ChargeFilter) -> Result<Listed<CobVGerada>, PixError> {
        self.walk(charges("list_cobv", "cobv", filter)).await
    }

    /// `GET /pix`, all pages.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn list_pix(&self, filter: &PixFilter) -> Result<Listed<Pix>, PixError> {
        self.walk(pix(filter)).await
    }

    /// `GET /pix`, one page, for callers who work page by page within a time budget.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn pix_page(&self, filter: &PixFilter, page: u32) -> Result<PixPage, PixError> {
        let (listed, next) = self.page(&pix(filter), page).await?;
        Ok(PixPage { listed, next })
    }

    /// `GET /loc`, all pages.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn list_loc(&self, window: Window) -> Result<Listed<PayloadLocation>, PixError> {
        let query = window_query(window);
        self.walk(ListOf { op: "list_loc", path: "loc", array: "loc", query, read: read_item })
            .await
    }

    /// `GET /webhook`, all pages.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn list_webhooks(&self) -> Result<Listed<WebhookCompleto>, PixError> {
        self.walk(ListOf {
            op: "list_webhooks",
            path: "webhook",
            array: "webhooks",
            query: Vec::new(),
            read: read_item,
        })
        .await
    }

    async fn walk<T>(&self, list: ListOf<T>) -> Result<Listed<T>, PixError> {
        let mut all = Listed { items: Vec::new(), malformed: Vec::new() };
        let mut page = 0;
        loop {
            let (listed, next) = self.page(&list, page).await?;
            all.items.extend(listed.items);
            all.malformed.extend(listed.malformed);
            match next {
                Some(next) => page = next,
                None => return Ok(all),
            }
        }
    }

    async fn page<T>(
        &self,
        list: &ListOf<T>,
        page: u32,
    ) -> Result<(Listed<T>, Option<u32>), PixError> {
        let mut call = Call::get(list.op, vec![list.path]);
        call.query.clone_from(&list.query);
        call.query.push(("paginacao.paginaAtual", page.to_string()));
        let items = self.inner.options.items_per_page;
        call.query.push(("paginacao.itensPorPagina", items.to_string()));
        let body = self.bytes(call).await?;
        let fields: HashMap<String, &RawValue> = borrowed(&body)?;
        let paging = paging(&fields)?;
        let raw: Vec<&RawValue> = match fields.get(list.array) {
            Some(array) => borrowed(array.get().as_bytes())?,
            None if paging.is_none_or(|p| p.quantidade_total_de_itens == 0) => Vec::new(),
            None => {
                let reason = format!("the list has no `{}`", list.array);
                return Err(PixError::unknown(UnknownCause::Unreadable { reason }));
            }
        };
        let mut listed = Listed { items: Vec::with_capacity(raw.len()), malformed: Vec::new() };
        for (index, item) in raw.iter().enumerate() {
            match (list.read)(index, item) {
                Ok(item) => listed.items.push(item),
                Err(malformed) => listed.malformed.push(malformed),
            }
        }
        let next = next_page(page, raw.len(), paging)?;
        Ok((listed, next))
    }
}

/// The page after `page`, if any. Zero pages, an empty page, or an answer without paging end the
/// walk, so that it cannot go round for ever.
fn next_page(page: u32, items: usize, paging: Option<Paginacao>) -> Result<Option<u32>, PixError> {
    let pages = paging.map_or(0, |paging| paging.quantidade_de_paginas);
    if pages > PAGES_MAX {
        return Err(PixError::WindowTooLarge { pages });
    }
    Ok((items > 0 && page + 1 < pages).then_some(page + 1))
}

fn paging(fields: &HashMap<String, &RawValue>) -> Result<Option<Paginacao>, PixError> {
    match fields.get("parametros") {
        Some(raw) => Ok(read_json::<Parametros>(raw.get().as_bytes())?.paginacao),
        None => Ok(None),
    }
}

fn borrowed<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, PixError> {
    serde_json::from_slice(body).map_err(|error| PixError::unknown(UnknownCause::from_json(&error)))
}

fn window_query(window: Window) -> Vec<(&'static str, String)> {
    vec![("inicio", format_horario(window.from)), ("fim", format_horario(window.until))]
}

fn charges<T: DeserializeOwned>(
    op: &'static str,
    path: &'static str,
    filter: &ChargeFilter,
) -> ListOf<T> {
    let mut query = window_query(filter.window);
    if let Some(status) = &filter.status {
        query.push(("status", status.as_str().to_owned()));
    }
    ListOf { op, path, array: "cobs", query, read: read_item }
}

fn pix(filter: &PixFilter) -> ListOf<Pix> {
    let mut query = window_query(filter.window);
    if let Some(txid) = &filter.txid {
        query.push(("txid", txid.as_str().to_owned()));
    }
    if let Some(present) = filter.has_txid {
        query.push(("txIdPresente", present.to_string()));
    }
    if let Some(present) = filter.has_refund {
        query.push(("devolucaoPresente", present.to_string()));
    }
    ListOf { op: "list_pix", path: "pix", array: "pix", query, read: read_pix }
}
