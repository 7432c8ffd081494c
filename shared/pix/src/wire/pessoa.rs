//! People on a charge: who owes (`devedor`) and who receives (`recebedor`).

use quita_core::document::TaxId;
use serde::{Deserialize, Serialize};

use super::Hidden;

/// Longest `nome`. Source: API Pix 2.9.0, `PessoaFisica` and `PessoaJuridica`.
pub(crate) const NOME_CHARS_MAX: usize = 200;

/// Who owes: a `cpf` or a `cnpj`, never both, and a `nome`. Source: API Pix 2.9.0, `DadosDevedor`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Devedor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpf: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnpj: Option<Hidden>,
    #[serde(default)]
    pub nome: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logradouro: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidade: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uf: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cep: Option<Hidden>,
}

impl Devedor {
    /// A debtor by document and name. A name longer than the 200 characters of the
    /// specification is cut, since the document is what identifies.
    #[must_use]
    pub fn new(document: &TaxId, nome: &str) -> Self {
        let nome: String = nome.trim().chars().take(NOME_CHARS_MAX).collect();
        let (cpf, cnpj) = match document {
            TaxId::Cpf(cpf) => (Some(Hidden::from(cpf.as_str())), None),
            TaxId::Cnpj(cnpj) => (None, Some(Hidden::from(cnpj.as_str()))),
            TaxId::Erased => (None, None),
        };
        Self { cpf, cnpj, nome: nome.into(), ..Self::default() }
    }
}

/// Who receives, as the bank knows it. Source: API Pix 2.9.0, `DadosRecebedor`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recebedor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpf: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnpj: Option<Hidden>,
    #[serde(default)]
    pub nome: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nome_fantasia: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logradouro: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidade: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uf: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cep: Option<Hidden>,
}
