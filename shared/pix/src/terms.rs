//! Between the terms of an instalment and the `valor` of a charge with a due date.
//!
//! Owns: the modalidade tables of `multa`, `juros`, `abatimento` and `desconto`, one file per
//! direction. Does not own: what the terms amount to on a day (`quita_core::terms`), nor whether
//! they make sense (`Terms::violations`, to be asked before).
//! Invariant: reading what was written gives the same terms.
//!
//! Source: API Pix 2.9.0, `CobVValor`. The code table of boleto interest is another one.

mod from_wire;
mod to_wire;

pub use from_wire::{TermsError, from_cobv};
pub use to_wire::{charge_request, to_calendario, to_valor};

#[cfg(test)]
mod tests;
