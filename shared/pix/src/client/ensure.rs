//! Calls that reach a state instead of performing an act, so that a lost answer does no harm.

use quita_core::ids::{EndToEndId, Txid};

use super::PspClient;
use super::charges::Remocao;
use super::request::Call;
use crate::error::PixError;
use crate::problem::Problem;
use crate::retry::Repeat;
use crate::wire::{
    CobGerada, CobVGerada, CobVSolicitada, Devolucao, DevolucaoId, DevolucaoSolicitada,
};

/// How many times an absent charge is put again after an unknown outcome.
pub const ENSURE_ROUNDS_MAX: u32 = 2;

/// `Problem::kind` of a charge whose txid is already in use for other terms.
pub const KIND_TXID_TAKEN: &str = "txid_taken";

impl PspClient {
    /// Makes sure the charge exists as asked, however often this is called.
    ///
    /// PUT; when the outcome is unknown, GET by txid, and when the bank does not hold it, the same
    /// PUT again. When the bank refuses, GET once: a charge that is already there exactly as asked
    /// is a success whose answer was lost earlier.
    ///
    /// # Errors
    /// [`PixError::Refused`] is final, with [`KIND_TXID_TAKEN`] when the bank holds other terms
    /// under this txid. [`PixError::Unknown`] asks to call again with the same arguments.
    pub async fn ensure_cobv(
        &self,
        txid: &Txid,
        asked: &CobVSolicitada,
    ) -> Result<CobVGerada, PixError> {
        self.within_budget(self.ensure_cobv_rounds(txid, asked)).await
    }

    async fn ensure_cobv_rounds(
        &self,
        txid: &Txid,
        asked: &CobVSolicitada,
    ) -> Result<CobVGerada, PixError> {
        let mut round = 1;
        loop {
            let error = match self.put_cobv(txid, asked).await {
                Ok(created) => return Ok(created),
                Err(error) => error,
            };
            match error {
                PixError::Unknown { .. } => match self.get_cobv(txid).await {
                    Ok(found) if is_as_asked(asked, &found) => return Ok(found),
                    Ok(_) => return Err(PixError::refused(txid_taken())),
                    Err(PixError::NotFound) if round < ENSURE_ROUNDS_MAX => round += 1,
                    // Absent to the end, or unreadable: the PUT's own uncertainty stands.
                    Err(_) => return Err(error),
                },
                PixError::Refused(_) => {
                    return match self.get_cobv(txid).await {
                        Ok(found) if is_as_asked(asked, &found) => Ok(found),
                        Ok(_) => Err(PixError::refused(txid_taken())),
                        Err(PixError::NotFound) => Err(error),
                        // Whether it is there cannot be said, so the refusal is not final yet.
                        Err(unclear) => Err(unclear),
                    };
                }
                other => return Err(other),
            }
        }
    }

    /// Removes a charge with a due date; `status` travels alone. Repeated safely, because a
    /// removal is final: a refusal is followed by one GET, and an already removed charge is a
    /// success.
    ///
    /// # Errors
    /// [`PixError::Refused`] when the charge can no longer be removed (for example, it was paid),
    /// [`PixError::NotFound`] when the bank never had it.
    pub async fn remove_cobv(&self, txid: &Txid) -> Result<CobVGerada, PixError> {
        let path = vec!["cobv", txid.as_str()];
        let call = Call::patch("remove_cobv", path, &Remocao::BY_RECEIVER, Repeat::Safe);
        match self.json(call).await {
            Err(PixError::Refused(problem)) => match self.get_cobv(txid).await {
                Ok(found) if found.status.is_removed() => Ok(found),
                Ok(_) | Err(PixError::NotFound) => Err(PixError::Refused(problem)),
                Err(unclear) => Err(unclear),
            },
            outcome => outcome,
        }
    }

    /// Removes an immediate charge, as [`PspClient::remove_cobv`] does.
    ///
    /// # Errors
    /// As [`PspClient::remove_cobv`].
    pub async fn remove_cob(&self, txid: &Txid) -> Result<CobGerada, PixError> {
        let path = vec!["cob", txid.as_str()];
        let call = Call::patch("remove_cob", path, &Remocao::BY_RECEIVER, Repeat::Safe);
        match self.json(call).await {
            Err(PixError::Refused(problem)) => match self.get_cob(txid).await {
                Ok(found) if found.status.is_removed() => Ok(found),
                Ok(_) | Err(PixError::NotFound) => Err(PixError::Refused(problem)),
                Err(unclear) => Err(unclear),
            },
            outcome => outcome,
        }
    }

    /// Makes sure the refund was asked for, however often this is called: a refusal is followed by
    /// one GET, and a refund already there for the same amount is a success.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn ensure_devolucao(
        &self,
        payment: &EndToEndId,
        id: &DevolucaoId,
        asked: &DevolucaoSolicitada,
    ) -> Result<Devolucao, PixError> {
        match self.put_devolucao(payment, id, asked).await {
            Err(PixError::Refused(problem)) => match self.get_devolucao(payment, id).await {
                Ok(found) if found.valor == asked.valor => Ok(found),
                Ok(_) | Err(PixError::NotFound) => Err(PixError::Refused(problem)),
                Err(unclear) => Err(unclear),
            },
            outcome => outcome,
        }
    }
}

/// Whether the bank holds what was asked for: amount, charges, dates and key. The debtor is left
/// out, since banks complete and reformat it; a removed charge is never what was asked for.
fn is_as_asked(asked: &CobVSolicitada, found: &CobVGerada) -> bool {
    let validade = asked.calendario.validade_apos_vencimento;
    let same_validade = validade.is_none()
        || found.calendario.validade_apos_vencimento.is_none_or(|v| Some(v) == validade);
    !found.status.is_removed()
        && found.calendario.data_de_vencimento == asked.calendario.data_de_vencimento
        && same_validade
        && found.valor == asked.valor
        && found.chave.as_str().eq_ignore_ascii_case(asked.chave.as_str())
}

fn txid_taken() -> Problem {
    /// 409 Conflict.
    const CONFLICT: u16 = 409;
    Problem::stated(
        CONFLICT,
        KIND_TXID_TAKEN,
        "the bank already holds this txid with other terms; issue the charge under a new revision",
    )
}
