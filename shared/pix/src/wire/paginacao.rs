//! How API Pix pages its lists: from page 0, with the count of pages in each answer.

use serde::{Deserialize, Serialize};

/// The `parametros` echoed by every list; only the paging is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parametros {
    #[serde(default)]
    pub paginacao: Option<Paginacao>,
}

/// Source: API Pix 2.9.0, `Paginacao`. The first page is 0. The schema says an answer has at
/// least one page, yet banks answer `quantidadeDePaginas: 0` for an empty window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paginacao {
    #[serde(default)]
    pub pagina_atual: u32,
    #[serde(default)]
    pub itens_por_pagina: u32,
    #[serde(default)]
    pub quantidade_de_paginas: u32,
    #[serde(default)]
    pub quantidade_total_de_itens: u64,
}
